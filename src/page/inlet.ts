/**
 * Messages on their way in: made of parts, counted, and acknowledged at least every 64 KiB.
 *
 * Memory grows with what was received, never with a length announced. UTF-8 is checked on the whole
 * message, since a part may end inside a character.
 */
import { HoldfastError } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import type { Message } from "../connection/effects.ts";
import { join, textOf } from "./frames.ts";
import { type Lateness, Wait } from "./lateness.ts";

const ACK_BYTES = 64 * 1024;
/** A small message is acknowledged within this time, or with what is said anyway. */
const ACK_DELAY_MS = 100;

export class Inlet {
  messagesIn = 0;
  /** When an ACK is due. */
  ackAt: number = Infinity;
  /** A message that was begun must advance. */
  readonly unfinished: Wait;
  readonly #messageBytesMax: number;
  #isText: boolean | undefined;
  #parts: Uint8Array[] = [];
  #heldBytes = 0;
  #unackedBytes = 0;

  constructor(messageBytesMax: number, late: Lateness, drainTimeoutMs: number) {
    this.#messageBytesMax = messageBytesMax;
    this.unfinished = new Wait(late, drainTimeoutMs);
  }

  /** Returns the message that this part completes. @throws HoldfastError */
  part(
    isText: boolean | undefined,
    more: boolean,
    payload: Uint8Array,
    now: Instant,
  ): Message | undefined {
    if ((isText === undefined) !== this.unfinished.isRunning) {
      throw new HoldfastError("FRAME_INVALID", "parts of messages came in a wrong order");
    }
    this.#isText ??= isText;
    this.#heldBytes += payload.length;
    if (this.#heldBytes > this.#messageBytesMax) {
      const why = `a message exceeds ${this.#messageBytesMax} bytes`;
      throw new HoldfastError("MESSAGE_RECEIVED_TOO_LONG", why);
    }
    if (payload.length > 0) this.#parts.push(payload);
    this.#unackedBytes += payload.length;
    const delayMs = this.#unackedBytes < ACK_BYTES ? ACK_DELAY_MS : 0;
    this.ackAt = Math.min(this.ackAt, now + delayMs);
    if (more) {
      if (this.unfinished.isRunning) this.unfinished.gained(payload.length, now);
      else this.unfinished.begin(now);
      return undefined;
    }
    return this.#whole();
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The ACK is said. */
  acknowledged(): void {
    this.ackAt = Infinity;
    this.#unackedBytes = 0;
  }

  #whole(): Message {
    const bytes = join(this.#parts);
    const message = this.#isText === true ? textOf(bytes) : bytes;
    if (message === undefined) {
      throw new HoldfastError("FRAME_INVALID", "a text message is not UTF-8");
    }
    this.messagesIn += 1;
    this.#parts = [];
    this.#heldBytes = 0;
    this.#isText = undefined;
    this.unfinished.end();
    return message;
  }
}
