/**
 * What a link has to send, in the order of `send`: waiting, half written, written and not
 * confirmed.
 *
 * It outlives connections. When one ends, what had a byte written is handed back and never sent
 * again; what had none waits for the next. "Confirmed" is what the dialect can know: an ACK, or in
 * the line dialect that the browser has handed it on.
 */
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import { PART_BYTES_MAX } from "./frames.ts";

export interface OutboxConfig {
  readonly outboxBytesMax: number;
  readonly outboxHighWaterBytes: number;
}

interface Item {
  readonly data: Message;
  readonly body: Uint8Array;
  /** How much of it was written. */
  at: number;
  isBegun: boolean;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: HoldfastError) => void;
}

export class Outbox {
  /** What all that is held weighs. */
  bytes = 0;
  /** Payload bytes written on this connection and not confirmed. */
  unconfirmedBytes = 0;
  /** Messages written on this connection, as a whole. */
  writtenCount = 0;
  readonly #config: OutboxConfig;
  /** Those that are not confirmed. */
  #items: Item[] = [];
  /** The first that is not written as a whole, and where this connection stops. */
  #next = 0;
  #stop = Infinity;
  #confirmedCount = 0;
  #partBytes = 0;
  #isAboveMark = false;
  #waiters: Waiter[] = [];

  constructor(config: OutboxConfig) {
    this.#config = config;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** What is to be written next, from where on. */
  get next(): Readonly<Item> | undefined {
    return this.#next < this.#stop ? this.#items[this.#next] : undefined;
  }

  /** All that this connection is to write has arrived. */
  get isThrough(): boolean {
    return this.next === undefined && this.#next === 0;
  }

  /** What is sent from now on is for the next connection. */
  seal(): void {
    this.#stop = Math.min(this.#stop, this.#items.length);
  }

  /** Returns false above the mark. @throws HoldfastError `OUTBOX_FULL` */
  push(data: Message, body: Uint8Array): boolean {
    const { outboxBytesMax, outboxHighWaterBytes } = this.#config;
    if (this.bytes + weightOf(body) > outboxBytesMax) {
      throw new HoldfastError(
        "OUTBOX_FULL",
        `${this.bytes} bytes wait to be sent or acknowledged, ` +
          `and \`outboxBytesMax\` is ${outboxBytesMax}`,
      );
    }
    this.bytes += weightOf(body);
    this.#items.push({ data, body, at: 0, isBegun: false });
    this.#isAboveMark ||= this.bytes > outboxHighWaterBytes;
    return this.bytes <= outboxHighWaterBytes;
  }

  /** A part of `next` was written. */
  wrote(): void {
    const item = this.#items[this.#next] as Item;
    const at = Math.min(item.body.length, item.at + PART_BYTES_MAX);
    this.unconfirmedBytes += at - item.at;
    item.at = at;
    item.isBegun = true;
    if (at < item.body.length) return;
    this.#next += 1;
    this.writtenCount += 1;
  }

  /** Takes out what a server will not take. Nothing is written to it yet. */
  takeLonger(bytesMax: number): Message[] {
    const longer = this.#items.filter(({ body }) => body.length > bytesMax);
    if (longer.length === 0) return [];
    this.#items = this.#items.filter(({ body }) => body.length <= bytesMax);
    for (const { body } of longer) this.bytes -= weightOf(body);
    return longer.map(({ data }) => data);
  }

  /** How many bytes and messages an ACK confirms anew; undefined: what was never sent. */
  confirm(messages: number, partBytes: number): number | undefined {
    const count = messages - this.#confirmedCount;
    if (count < 0 || messages > this.writtenCount) return undefined;
    const before = this.unconfirmedBytes;
    for (const { body } of this.#items.splice(0, count)) {
      this.bytes -= weightOf(body);
      this.unconfirmedBytes -= body.length - this.#partBytes;
      this.#partBytes = 0;
    }
    this.#next -= count;
    this.#stop -= count;
    this.#confirmedCount = messages;
    if (partBytes < this.#partBytes || partBytes > (this.#items[0]?.at ?? 0)) return undefined;
    this.unconfirmedBytes -= partBytes - this.#partBytes;
    this.#partBytes = partBytes;
    return before - this.unconfirmedBytes + count;
  }

  /** True once, when `send` had returned false and there is room again. */
  takeRoom(): boolean {
    const hasRoom = this.#isAboveMark && this.bytes <= this.#config.outboxHighWaterBytes;
    if (hasRoom) this.#isAboveMark = false;
    return hasRoom;
  }

  /** The connection is over. Returns what had a byte written and is not confirmed. */
  detach(): Message[] {
    const left = this.#items;
    this.#items = left.filter(({ isBegun }) => !isBegun);
    this.bytes = this.#items.reduce((sum, { body }) => sum + weightOf(body), 0);
    this.#next = 0;
    this.#stop = Infinity;
    this.unconfirmedBytes = 0;
    this.writtenCount = 0;
    this.#confirmedCount = 0;
    this.#partBytes = 0;
    return left.filter(({ isBegun }) => isBegun).map(({ data }) => data);
  }

  /** The link is over, without a connection. Returns what was never written. */
  empty(): Message[] {
    return this.#items.splice(0).map(({ data }) => data);
  }

  delivered(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** To be called when all may have arrived. */
  settle(): void {
    if (this.isEmpty) for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  /** So many messages are lost. */
  fail(count: number, code: ErrorCode, sentence: string): void {
    const what = count === 1 ? "1 message was" : `${count} messages were`;
    for (const { reject } of this.#waiters.splice(0)) {
      reject(new HoldfastError(code, `${what} not delivered: ${sentence}`));
    }
  }
}

/** An empty message weighs one byte: it takes a slot, and a flood of them is bounded. */
function weightOf({ length }: Uint8Array): number {
  return Math.max(1, length);
}
