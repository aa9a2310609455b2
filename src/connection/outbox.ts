/**
 * Messages on their way out: waiting, half written, written but not confirmed.
 *
 * "Confirmed" is what the dialect can know: an ACK in the frame dialect, the kernel's taking it in
 * the line dialect. Until then a copy is kept, since what is not confirmed at the end is handed
 * back; so the limit counts confirmed-pending messages, too, and a peer that acknowledges nothing
 * stops the sender instead of filling its memory.
 */
import { BoundedQueue } from "../base/bounded-queue.ts";
import { PART_BYTES_MAX } from "../wire/frame.ts";
import type { Message } from "./effects.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import type { Speech } from "./speech.ts";

/** The message that is being written. */
interface Current {
  readonly message: OutgoingMessage;
  readonly body: Uint8Array;
  at: number;
}

/** What was written, all of it confirmed. */
export interface OutboxCounts {
  readonly writtenBytes: number;
  readonly writtenCount: number;
}

/** Small messages are written together up to this size: one system call instead of many. */
const BATCH_BYTES = 16 * 1024;

export class Outbox {
  readonly #bytesMax: number;
  readonly #highWaterBytes: number;
  /** Both are made for the first message: most connections only beat. */
  #waiting: BoundedQueue<OutgoingMessage> | undefined;
  #unconfirmed: BoundedQueue<OutgoingMessage> | undefined;
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
    return this.#current !== undefined || lengthOf(this.#waiting) > 0;
  }

  get isEmpty(): boolean {
    return this.#weight === 0 && !this.hasOutput && lengthOf(this.#unconfirmed) === 0;
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

  /** Nothing waits, and all that was ever written is confirmed. */
  get isSettled(): boolean {
    const isConfirmed = this.unconfirmedBytes === 0 && this.#partBytes === 0;
    return this.isEmpty && isConfirmed && !this.#wasAboveHighWater;
  }

  /** What is left to remember of one that is settled. */
  counts(): OutboxCounts {
    return { writtenBytes: this.#writtenBytes, writtenCount: this.#writtenCount };
  }

  restore({ writtenBytes, writtenCount }: OutboxCounts): void {
    this.#writtenBytes = writtenBytes;
    this.#confirmedBytes = writtenBytes;
    this.#writtenCount = writtenCount;
    this.#confirmedCount = writtenCount;
  }

  fits(message: OutgoingMessage): boolean {
    return this.#weight + message.weight <= this.#bytesMax;
  }

  /** Returns false above the high-water mark: the message is taken all the same. */
  push(message: OutgoingMessage): boolean {
    const { weight } = message;
    this.#waiting ??= unbounded();
    this.#waiting.push(message, weight);
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
    const piece = speech.piece(current.message, current.body, current.at);
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
    const next = this.#unconfirmed?.peek();
    if (partBytes > (open ?? next?.weight ?? 0)) return false;
    this.#partBytes = partBytes;
    return true;
  }

  /** Line dialect: the kernel has taken everything that was written. */
  confirmWritten(): void {
    while (lengthOf(this.#unconfirmed) > 0) this.#confirmFirst();
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
    const undelivered = givenBack(this.#unconfirmed);
    if (this.#current !== undefined) undelivered.push(this.#current.message.giveBack());
    const unwritten = givenBack(this.#waiting);
    this.#current = undefined;
    this.#weight = 0;
    return { undelivered, unwritten };
  }

  #advance(speech: Speech): Current | undefined {
    if (this.#current === undefined) {
      const message = this.#waiting?.shift();
      if (message === undefined) return undefined;
      this.#current = { message, body: speech.body(message), at: 0 };
    }
    return this.#current;
  }

  #finishCurrent(): void {
    const { message, body } = this.#current as Current;
    this.#current = undefined;
    this.#writtenCount += 1;
    // The payload's length is what an ACK counts; a line's has its newline on top.
    this.#unconfirmed ??= unbounded();
    this.#unconfirmed.push(message, body.length);
  }

  #confirmFirst(): void {
    const queue = this.#unconfirmed;
    const before = queue?.weight ?? 0;
    const first = queue?.shift();
    if (queue === undefined || first === undefined) return;
    this.#confirmedBytes += before - queue.weight;
    this.#confirmedCount += 1;
    this.#partBytes = 0;
    this.#weight -= first.weight;
  }
}

/** `bytesMax` bounds both queues together, where a message is taken. */
function unbounded(): BoundedQueue<OutgoingMessage> {
  return new BoundedQueue(Number.MAX_SAFE_INTEGER);
}

function lengthOf(queue: BoundedQueue<OutgoingMessage> | undefined): number {
  return queue === undefined ? 0 : queue.length;
}

function givenBack(queue: BoundedQueue<OutgoingMessage> | undefined): Message[] {
  return queue === undefined ? [] : queue.drain().map((message) => message.giveBack());
}
