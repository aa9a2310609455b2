/**
 * Makes messages of parts: TEXT or BINARY begins one, CONT goes on, the part without MORE ends it.
 *
 * Payloads are lent and a delivery always is a copy. Memory grows with the bytes received, also
 * when they come one by one, and empty parts cost none. UTF-8 is checked on the whole message,
 * since a part may end inside a character. Easy to break: `slice` of a Node buffer does not copy.
 */
import { NO_BYTES } from "../base/bytes.ts";
import type { PartType } from "./frame.ts";
import { decodeUtf8 } from "./utf8-text.ts";

export interface DeliveredMessage {
  readonly kind: "message";
  readonly message: string | Uint8Array;
  /** How many bytes it took, as UTF-8 for a text. */
  readonly messageBytes: number;
}

/** As WireFault: returned again for ever. */
export interface AssemblerFault {
  readonly kind: "fault";
  readonly code: "MESSAGE_RECEIVED_TOO_LONG" | "FRAME_INVALID";
  readonly detail: string;
}

export class MessageAssembler {
  readonly #messageBytesMax: number;
  #type: "text" | "binary" | undefined;
  #bytes: Uint8Array = NO_BYTES;
  #length = 0;
  #fault: AssemblerFault | undefined;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** Whether a message has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#type !== undefined;
  }

  /** Bytes received of the unfinished message. */
  get heldBytes(): number {
    return this.#length;
  }

  part(
    type: PartType,
    more: boolean,
    payload: Uint8Array,
  ): DeliveredMessage | AssemblerFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const begun = this.#type;
    if (type === "cont" && begun === undefined) {
      return this.#fail("FRAME_INVALID", "CONT came without a message to continue");
    }
    if (type !== "cont" && begun !== undefined) {
      return this.#fail("FRAME_INVALID", "a message began within another one");
    }
    if (this.#length + payload.length > this.#messageBytesMax) {
      const detail = `a message exceeds ${this.#messageBytesMax} bytes`;
      return this.#fail("MESSAGE_RECEIVED_TOO_LONG", detail);
    }
    const wholeType = type === "cont" ? begun : type;
    if (begun === undefined && !more) return this.#deliver(wholeType, payload);
    this.#type = wholeType;
    this.#append(payload);
    if (more) return undefined;
    const whole = this.#bytes.subarray(0, this.#length);
    this.release();
    return this.#deliver(wholeType, whole);
  }

  /** Forgets the unfinished message. */
  release(): void {
    this.#type = undefined;
    this.#bytes = NO_BYTES;
    this.#length = 0;
  }

  #deliver(
    type: "text" | "binary" | undefined,
    whole: Uint8Array,
  ): DeliveredMessage | AssemblerFault {
    const messageBytes = whole.length;
    if (type === "binary") return { kind: "message", message: new Uint8Array(whole), messageBytes };
    const text = decodeUtf8(whole);
    if (text === undefined) return this.#fail("FRAME_INVALID", "a text message is not UTF-8");
    return { kind: "message", message: text, messageBytes };
  }

  #append(payload: Uint8Array): void {
    const length = this.#length + payload.length;
    if (length > this.#bytes.length) {
      const doubled = Math.min(2 * this.#length, this.#messageBytesMax);
      const roomier = new Uint8Array(Math.max(length, doubled));
      roomier.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = roomier;
    }
    this.#bytes.set(payload, this.#length);
    this.#length = length;
  }

  #fail(code: AssemblerFault["code"], detail: string): AssemblerFault {
    this.release();
    this.#fault = { kind: "fault", code, detail };
    return this.#fault;
  }
}
