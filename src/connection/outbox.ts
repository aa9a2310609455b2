/**
 * Messages on their way out: waiting, half written, written but not confirmed.
 *
 * "Confirmed" is what the dialect can know: an ACK in the frame dialect, the kernel's taking it in
 * the line dialect. Until then a copy is kept, since what is not confirmed at the end is handed
 * back; so the limit counts confirmed-pending messages, too, and a peer that acknowledges nothing
 * stops the sender instead of filling its memory.
 */
import { BoundedQueue } from "../base/bounded-queue.ts";
import { utf8Length } from "../base/bytes.ts";
import { PART_BYTES_MAX } from "../wire/frame.ts";
import type { Message } from "./effects.ts";
import type { Speech } from "./speech.ts";

interface Outgoing {
  readonly data: Message;
  readonly weight: number;
}

/** The message that is being written. */
interface Current extends Outgoing {
  readonly body: Uint8Array;
  at: number;
}

/** Small messages are written together up to this size: one system call instead of many. */
const BATCH_BYTES = 16 * 1024;

export class Outbox {
  readonly #bytesMax: number;
  readonly #highWaterBytes: number;
  readonly #waiting = new BoundedQueue<Outgoing>(Number.MAX_SAFE_INTEGER);
  readonly #unconfirmed = new BoundedQueue<Outgoing>(Number.MAX_SAFE_INTEGER);
  #current: Current | undefined;
  #weight = 0;
  #wasAboveHighWater = false;
  /** Payload bytes handed to the transport, and confirmed, since the beginning. */
  #writtenBytes = 0;
  #confirmedBytes = 0;
  #partBytes = 0;
  #writtenCount = 0;
  #confirmedCount = 0;

  constructor(bytesMax: number, highWaterBytes: number) {
    this.#bytesMax = bytesMax;
    this.#highWaterBytes = highWaterBytes;
  }

  /** What all messages held here weigh together. */
  get bytes(): number {
    return this.#weight;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** True while a message waits for its first or its next byte to be written. */
  get hasOutput(): boolean {
    return this.#current !== undefined || this.#waiting.length > 0;
  }

  get isEmpty(): boolean {
    return this.#weight === 0 && !this.hasOutput && this.#unconfirmed.length === 0;
  }

  /** Payload bytes written and not confirmed. */
  get unconfirmedBytes(): number {
    return this.#writtenBytes - this.#confirmedBytes - this.#partBytes;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get confirmedBytes(): number {
    return this.#confirmedBytes + this.#partBytes;
  }

  get writtenCount(): number {
    return this.#writtenCount;
  }

  get confirmedCount(): number {
    return this.#confirmedCount;
  }

  fits(data: Message): boolean {
    return this.#weight + weightOf(data) <= this.#bytesMax;
  }

  /** Returns false above the high-water mark: the message is taken all the same. */
  push(data: Message): boolean {
    const weight = weightOf(data);
    this.#waiting.push({ data, weight }, weight);
    this.#weight += weight;
    if (this.#weight > this.#highWaterBytes) this.#wasAboveHighWater = true;
    return this.#weight <= this.#highWaterBytes;
  }

  /** Some bytes of a message are written and some are not. */
  get isMidMessage(): boolean {
    return this.#current !== undefined && this.#current.at > 0;
  }

  /** The next bytes to write: one piece of a long message, or several short ones. */
  take(speech: Speech): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let size = 0;
    while (size < BATCH_BYTES) {
      const piece = this.takePiece(speech);
      if (piece === undefined) break;
      pieces.push(piece);
      size += piece.length;
    }
    return pieces;
  }

  takePiece(speech: Speech): Uint8Array | undefined {
    const current = this.#advance(speech);
    if (current === undefined) return undefined;
    const piece = speech.piece(current.data, current.body, current.at);
    const length = Math.min(current.body.length - current.at, PART_BYTES_MAX);
    current.at += length;
    this.#writtenBytes += length;
    if (current.at >= current.body.length) this.#finishCurrent();
    return piece;
  }

  /** What is left of the message that is being written. */
  get restBytes(): number {
    return this.#current === undefined ? 0 : this.#current.body.length - this.#current.at;
  }

  /** Frame dialect: an ACK came. False: it acknowledges what was never sent. */
  acknowledge(messages: number, partBytes: number): boolean {
    if (messages < this.#confirmedCount || messages > this.#writtenCount) return false;
    if (messages === this.#confirmedCount && partBytes < this.#partBytes) return false;
    const open = messages === this.#writtenCount ? (this.#current?.at ?? 0) : undefined;
    while (this.#confirmedCount < messages) this.#confirmFirst();
    const next = this.#unconfirmed.peek();
    if (partBytes > (open ?? next?.weight ?? 0)) return false;
    this.#partBytes = partBytes;
    return true;
  }

  /** Line dialect: the kernel has taken everything that was written. */
  confirmWritten(): void {
    while (this.#unconfirmed.length > 0) this.#confirmFirst();
    this.#confirmedBytes = this.#writtenBytes;
  }

  /** True once after the weight fell below the high-water mark again. */
  takeDrained(): boolean {
    if (!this.#wasAboveHighWater || this.#weight > this.#highWaterBytes) return false;
    this.#wasAboveHighWater = false;
    return true;
  }

  /** Empties the outbox: what had a byte written, and what had none. */
  surrender(): { undelivered: Message[]; unwritten: Message[] } {
    const undelivered = this.#unconfirmed.drain().map(({ data }) => data);
    if (this.#current !== undefined) undelivered.push(this.#current.data);
    const unwritten = this.#waiting.drain().map(({ data }) => data);
    this.#current = undefined;
    this.#weight = 0;
    return { undelivered, unwritten };
  }

  #advance(speech: Speech): Current | undefined {
    if (this.#current === undefined) {
      const first = this.#waiting.shift();
      if (first === undefined) return undefined;
      this.#current = { ...first, body: speech.body(first.data), at: 0 };
    }
    return this.#current;
  }

  #finishCurrent(): void {
    const { data, weight, body } = this.#current as Current;
    this.#current = undefined;
    this.#writtenCount += 1;
    // The payload's length is what an ACK counts; a line's has its newline on top.
    this.#unconfirmed.push({ data, weight }, body.length);
  }

  #confirmFirst(): void {
    const before = this.#unconfirmed.weight;
    const first = this.#unconfirmed.shift();
    if (first === undefined) return;
    this.#confirmedBytes += before - this.#unconfirmed.weight;
    this.#confirmedCount += 1;
    this.#partBytes = 0;
    this.#weight -= first.weight;
  }
}

/** An empty message weighs one byte: it takes a slot, and a flood of them is bounded. */
export function weightOf(data: Message): number {
  return Math.max(1, typeof data === "string" ? utf8Length(data) : data.length);
}
