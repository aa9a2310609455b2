/**
 * The outward half of a link: what was sent, from `send` to the word that it arrived.
 *
 * While a connection is open messages go straight to it; otherwise they wait here, in order and
 * bounded. Easy to break: what a connection gives back unwritten is older than all that waits here,
 * so it returns to the front; what had a byte written is never sent again.
 */
import { type ErrorCode, HoldfastError, isHoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import { weightOf } from "../connection/outgoing-message.ts";
import { type LineWords, whyNotALine } from "../wire/line-words.ts";
import type { Undelivered } from "./status.ts";

/** An open connection, as far as sending goes. */
export interface Pipe {
  /** @throws HoldfastError `OUTBOX_FULL`, `NOT_OPEN`, `MESSAGE_NOT_A_LINE`, `MESSAGE_TOO_LONG`. */
  send(message: Message): boolean;
  /** Bytes of messages that it has not seen confirmed. */
  readonly outboxBytes: number;
}

export interface OutgoingConfig {
  readonly bytesMax: number;
  readonly highWaterBytes: number;
  /** Set when one of the urls speaks lines: whatever is sent has to be one. */
  readonly words: LineWords | undefined;
}

export interface OutgoingHandlers {
  /** `send` had returned false, and there is room again. */
  onDrain(): void;
  /** All that was sent has arrived, or was given up. */
  onSettled(): void;
  onUndelivered(undelivered: Undelivered): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: HoldfastError) => void;
}

export class Outgoing {
  readonly #config: OutgoingConfig;
  readonly #on: OutgoingHandlers;
  #queue: Message[] = [];
  #queueBytes = 0;
  #pipe: Pipe | undefined;
  #isSettled = true;
  #wantsDrain = false;
  /** What the last server said it takes; unknown before the first one did. */
  #messageBytesMax = Number.POSITIVE_INFINITY;
  #waiters: Waiter[] = [];

  constructor(config: OutgoingConfig, on: OutgoingHandlers) {
    this.#config = config;
    this.#on = on;
  }

  /** Whether nothing is under way. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  get #bytes(): number {
    return this.#queueBytes + (this.#pipe?.outboxBytes ?? 0);
  }

  /** Takes a message, or throws and changes nothing. */
  send(message: Message): boolean {
    const weight = this.#check(message);
    if (this.#bytes + weight > this.#config.bytesMax) {
      throw new HoldfastError(
        "OUTBOX_FULL",
        `${this.#bytes} bytes wait to be sent or acknowledged, ` +
          `and \`outboxBytesMax\` is ${this.#config.bytesMax}`,
      );
    }
    const wasSettled = this.#isSettled;
    this.#isSettled = false;
    try {
      this.#push(message, weight);
    } catch (error) {
      this.#isSettled = wasSettled;
      throw error;
    }
    const hasRoom = this.#bytes <= this.#config.highWaterBytes;
    if (!hasRoom) this.#wantsDrain = true;
    return hasRoom;
  }

  /** Resolves when nothing is under way, rejects when something got lost meanwhile. */
  delivered(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** A connection is open: what waits goes out. */
  attach(pipe: Pipe, messageBytesMax: number | undefined): void {
    this.#pipe = pipe;
    this.#messageBytesMax = messageBytesMax ?? Number.POSITIVE_INFINITY;
    this.flush();
  }

  /** The connection ended. `unwritten`: what it gives back; `lost`: what it is not sure of. */
  detach(unwritten: readonly Message[], lost: Undelivered): void {
    this.#pipe = undefined;
    this.#queue = [...unwritten, ...this.#queue];
    this.#queueBytes = this.#queue.reduce((sum, message) => sum + weightOf(message), 0);
    if (lost.messages.length > 0) this.#lose(lost);
    this.#settleIfEmpty();
  }

  /** The pipe has room, or has confirmed all. */
  flush(): void {
    while (this.#pipe !== undefined) {
      const message = this.#queue[0];
      if (message === undefined) break;
      if (!this.#handOver(this.#pipe, message)) break;
    }
    if (!this.#wantsDrain || this.#bytes > this.#config.highWaterBytes) return;
    if (this.#queue.length > 0) return;
    this.#wantsDrain = false;
    this.#on.onDrain();
  }

  /** The pipe says that all it was given has arrived. */
  handleDelivered(): void {
    this.flush();
    this.#settleIfEmpty();
  }

  /** The link ends: hands over what was never written. Nothing may be sent afterwards. */
  finish(code: ErrorCode, sentence: string): readonly Message[] {
    const messages = this.#queue;
    this.#queue = [];
    this.#queueBytes = 0;
    this.#pipe = undefined;
    if (messages.length > 0) this.#lose({ messages, code, sentence });
    this.#settleIfEmpty();
    return messages;
  }

  /** Returns what the message weighs. */
  #check(message: Message): number {
    const { words } = this.#config;
    if (typeof message !== "string" && !(message instanceof Uint8Array)) {
      throw new HoldfastError(
        "OPTION_INVALID",
        `send: expected a string or a Uint8Array, got ${typeof message}`,
      );
    }
    if (words !== undefined) {
      const why =
        typeof message === "string" ? whyNotALine(message, words) : "a line is text, not bytes";
      if (why !== undefined) throw new HoldfastError("MESSAGE_NOT_A_LINE", `send: ${why}`);
    }
    const weight = weightOf(message);
    if (weight > this.#messageBytesMax) {
      throw new HoldfastError(
        "MESSAGE_TOO_LONG",
        `send: the message has ${weight} bytes, and the server takes ${this.#messageBytesMax}`,
      );
    }
    return weight;
  }

  #push(message: Message, weight: number): void {
    const pipe = this.#pipe;
    if (pipe !== undefined && this.#queue.length === 0) {
      try {
        pipe.send(message);
        return;
      } catch (error) {
        // It is closing: the next connection will take the message.
        if (!isHoldfastError(error) || error.code !== "NOT_OPEN") throw error;
      }
    }
    // The caller may go on to write into its buffer, and this may wait for long.
    this.#queue.push(typeof message === "string" ? message : new Uint8Array(message));
    this.#queueBytes += weight;
  }

  /** Returns false when the pipe takes nothing more for now. */
  #handOver(pipe: Pipe, message: Message): boolean {
    try {
      pipe.send(message);
      this.#shift(message);
      return true;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      if (error.code === "OUTBOX_FULL" || error.code === "NOT_OPEN") return false;
      // This server takes no such message; the next ones need not suffer for it.
      this.#shift(message);
      this.#lose({ messages: [message], code: error.code, sentence: error.message });
      if (pipe.outboxBytes === 0) this.#settleIfEmpty();
      return true;
    }
  }

  #shift(message: Message): void {
    this.#queue.shift();
    this.#queueBytes -= weightOf(message);
  }

  #lose(lost: Undelivered): void {
    const waiters = this.#waiters.splice(0);
    const count = lost.messages.length;
    const what = count === 1 ? "1 message was" : `${count} messages were`;
    for (const { reject } of waiters) {
      reject(new HoldfastError(lost.code, `${what} not delivered: ${lost.sentence}`));
    }
    this.#on.onUndelivered(lost);
  }

  #settleIfEmpty(): void {
    if (this.#queue.length > 0 || (this.#pipe?.outboxBytes ?? 0) > 0) return;
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    this.#on.onSettled();
  }
}
