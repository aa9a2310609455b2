/**
 * A message on its way out, with what every connection has to know of it.
 *
 * A broadcast puts one and the same into many outboxes, so what is found out about it, and its
 * bytes, are made once. Easy to break: what is shared belongs to no connection, so nobody writes
 * into it, and whoever gives bytes back to the application gives a copy.
 */
import { utf8Length } from "../base/bytes.ts";
import { hasLineEnd } from "../wire/line-words.ts";
import type { Message } from "./effects.ts";

/** What a message that goes to many looks like, each form made by the first who needs it. */
export interface SharedForms {
  hasLineEnd: boolean | undefined;
  /** With its line feed. */
  line: Uint8Array | undefined;
  /** Without a frame around it. */
  text: Uint8Array | undefined;
  /** The whole frame, of a message that fits into one. */
  frame: Uint8Array | undefined;
}

export class OutgoingMessage {
  data: Message;
  /** As UTF-8, where it is text. */
  readonly byteLength: number;
  /** Undefined for a message that goes to one peer only. */
  readonly forms: SharedForms | undefined;

  /**
   * Takes what an application hands over, even if it is no message: that is told where the message
   * is sent. One `toMany` has bytes of its own at once.
   */
  constructor(data: Message, toMany: boolean) {
    this.data = toMany ? copyOf(data) : data;
    this.byteLength = byteLengthOf(data);
    this.forms = toMany
      ? { hasLineEnd: undefined, line: undefined, text: undefined, frame: undefined }
      : undefined;
  }

  get weight(): number {
    return weightFor(this.byteLength);
  }

  /** Only asked of text. */
  get hasLineEnd(): boolean {
    const text = this.data as string;
    if (this.forms === undefined) return hasLineEnd(text);
    this.forms.hasLineEnd ??= hasLineEnd(text);
    return this.forms.hasLineEnd;
  }

  /** The message is taken: from now on its sender may write into the array that it handed over. */
  own(): void {
    if (this.forms === undefined) this.data = copyOf(this.data);
  }

  /** For the application, which may do with it what it likes. */
  giveBack(): Message {
    return this.forms === undefined ? this.data : copyOf(this.data);
  }
}

export function weightOf(data: Message): number {
  return weightFor(byteLengthOf(data));
}

/** An empty message weighs one byte: it takes a slot, and a flood of them is bounded. */
function weightFor(byteLength: number): number {
  return Math.max(1, byteLength);
}

function byteLengthOf(data: Message): number {
  if (typeof data === "string") return utf8Length(data);
  return data instanceof Uint8Array ? data.length : 0;
}

function copyOf(data: Message): Message {
  return data instanceof Uint8Array ? new Uint8Array(data) : data;
}
