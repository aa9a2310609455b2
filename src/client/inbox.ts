/**
 * Messages that wait for a `for await` loop. Exists only while somebody iterates.
 *
 * Above its bound it is full until half of it was taken, and the link pauses reading meanwhile.
 * What the connection had already read still comes in, so the bound is exceeded by at most that.
 */
import { utf8Length } from "../base/bytes.ts";
import type { Message } from "../connection/effects.ts";

/** So that empty messages, too, fill the queue one day: about what an entry costs. */
export const MESSAGE_OVERHEAD_BYTES = 64;

function weightOf(message: Message): number {
  const length = typeof message === "string" ? utf8Length(message) : message.byteLength;
  return length + MESSAGE_OVERHEAD_BYTES;
}

type Result = IteratorResult<Message, undefined>;

export class Inbox implements AsyncIterableIterator<Message, undefined, undefined> {
  readonly #bytesMax: number;
  readonly #onChange: (inbox: Inbox) => void;
  #messages: Message[] = [];
  #head = 0;
  #bytes = 0;
  #isFull = false;
  #isOver = false;
  /** Calls of `next` that wait for a message. */
  #waiting: ((result: Result) => void)[] = [];

  /** `onChange` runs when `isFull` or `isOver` changed by a call of the reader. */
  constructor(bytesMax: number, onChange: (inbox: Inbox) => void) {
    this.#bytesMax = bytesMax;
    this.#onChange = onChange;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** The reader left the loop: this queue takes nothing more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  push(message: Message): void {
    if (this.#isOver) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) return reader({ done: false, value: message });
    this.#messages.push(message);
    this.#bytes += weightOf(message);
    if (this.#bytes > this.#bytesMax) this.#isFull = true;
  }

  /** The link ended: what waits is still handed out, then the iteration is done. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dismiss();
  }

  next(): Promise<Result> {
    const message = this.#messages[this.#head];
    if (message === undefined) {
      if (this.#isOver) return Promise.resolve(DONE);
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#take(message);
    return Promise.resolve({ done: false, value: message });
  }

  return(): Promise<Result> {
    const wasOver = this.#isOver;
    this.#isOver = true;
    this.#isFull = false;
    this.#messages = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#dismiss();
    if (!wasOver) this.#onChange(this);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #take(message: Message): void {
    this.#head += 1;
    this.#bytes -= weightOf(message);
    if (this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    if (this.#isFull && this.#bytes <= this.#bytesMax / 2) {
      this.#isFull = false;
      this.#onChange(this);
    }
  }

  #dismiss(): void {
    for (const reader of this.#waiting.splice(0)) reader(DONE);
  }
}

const DONE: Result = Object.freeze({ done: true, value: undefined });
