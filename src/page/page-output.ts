/**
 * What one connection says, through a WebSocket of which only `bufferedAmount` is known.
 *
 * Zero means that the browser has handed all on, which proves nothing about the server, but is when
 * the clock for an answer begins. Nobody tells of it: it is looked at. So that a ping never waits
 * long in here, no more is handed over than one part.
 */
import type { Instant } from "../base/time.ts";
import { PART_BYTES_MAX, utf8 } from "./frames.ts";
import { type Lateness, Wait } from "./lateness.ts";
import type { Outbox } from "./outbox.ts";
import type { Speech, Word } from "./speech.ts";
import type { WebSocketLike } from "./web-socket-like.ts";

/** Between two looks at `bufferedAmount`. With a part at once that is 6 MB/s. */
const LOOK_MS = 10;

export class PageOutput {
  bytesOut = 0;
  /** Up to the last ping that was answered. */
  readBytes = 0;
  /** When all that was said had left the browser. */
  spokeAt: Instant | undefined;
  lookAt: number = Infinity;
  /** The server must take something of what is sent. */
  readonly drain: Wait;
  readonly #ws: WebSocketLike;
  readonly #outbox: Outbox;
  readonly #speech: Speech;
  #waits = false;
  #bufferedBytes = 0;
  /** How much has to be confirmed until all has moved that was under way when the wait began. */
  #goalBytes = 0;

  constructor(
    ws: WebSocketLike,
    outbox: Outbox,
    speech: Speech,
    late: Lateness,
    drainTimeoutMs: number,
  ) {
    this.#ws = ws;
    this.#outbox = outbox;
    this.#speech = speech;
    this.drain = new Wait(late, drainTimeoutMs);
  }

  get hasNext(): boolean {
    return this.#outbox.next !== undefined;
  }

  /** What stands before a ping and is not known to have arrived: lines are never confirmed. */
  get aheadBytes(): number {
    return this.#speech.isLine ? this.bytesOut - this.readBytes : this.#outbox.unconfirmedBytes;
  }

  say(word: Word): void {
    if (word === undefined) return;
    const { length } = typeof word === "string" ? utf8(word) : word;
    this.#ws.send(word as string | Uint8Array<ArrayBuffer>);
    this.bytesOut += length;
    // Or what is written now would hide what left before it.
    this.#bufferedBytes += length;
    this.#waits = true;
  }

  /** Writes what waits, as far as there is room. */
  pump(now: Instant): void {
    for (let next = this.#outbox.next; next !== undefined; next = this.#outbox.next) {
      if (this.#ws.bufferedAmount > PART_BYTES_MAX) break;
      const { data, body, at } = next;
      this.say(this.#speech.part(data, body, at));
      this.#outbox.wrote();
    }
    this.#mind(now);
  }

  /** True: all that was said has left since the last look. */
  look(now: Instant): boolean {
    const { bufferedAmount } = this.#ws;
    if (this.#speech.isLine)
      this.drain.gained(Math.max(0, this.#bufferedBytes - bufferedAmount), now);
    this.#bufferedBytes = bufferedAmount;
    if (!this.#waits) return false;
    if (bufferedAmount > 0) {
      if (this.lookAt > now && this.lookAt < Infinity) return false;
      this.lookAt = now + LOOK_MS;
      return false;
    }
    this.#waits = false;
    this.lookAt = Infinity;
    this.spokeAt = now;
    if (this.#speech.isLine) this.#outbox.confirm(this.#outbox.writtenCount, 0);
    if (this.#outbox.unconfirmedBytes === 0) this.drain.end();
    return true;
  }

  /** So many bytes and messages were confirmed. */
  confirmed(gained: number, now: Instant): void {
    this.#goalBytes -= gained;
    this.drain.gained(gained, now);
    if (this.#goalBytes > 0) return;
    this.drain.end();
    this.#mind(now);
  }

  #mind(now: Instant): void {
    const { unconfirmedBytes } = this.#outbox;
    if (this.drain.isRunning || unconfirmedBytes + this.#ws.bufferedAmount === 0) return;
    this.drain.begin(now);
    this.#goalBytes = unconfirmedBytes;
  }
}
