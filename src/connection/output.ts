/**
 * All that one connection has to write, in the order in which it may leave.
 *
 * Control goes before messages, and of each kind of control at most one waits: a newer pong
 * replaces an older one, a ping that has not left is not joined by a second. So a peer that makes
 * us answer but does not read costs a constant, and a ping never waits behind more than the one
 * chunk that the transport already holds.
 */
import { concatBytes } from "../base/bytes.ts";
import type { Instant } from "../base/time.ts";
import { ProgressWatch } from "../liveness/progress-watch.ts";
import type { ConnectionConfig } from "./config.ts";
import { Outbox } from "./outbox.ts";
import type { Speech } from "./speech.ts";

export class Output {
  readonly outbox: Outbox;
  /** Set once the dialect is known; until then nothing but control is written. */
  speech: Speech | undefined;
  /** False until messages may flow, and again once the last word is said. */
  messagesFlow = false;
  droppedAnswers = 0;
  bytesOut = 0;
  lastWriteBytes = 0;
  spokeAt: Instant | undefined;
  readonly #watch: ProgressWatch;
  /** Confirmed bytes at which everything that was under way when the watch began has moved. */
  #watchMark = 0;
  #control: Uint8Array[] | undefined;
  #afterMessages: Uint8Array | undefined;
  #ping: Uint8Array | undefined;
  #pong: Uint8Array | undefined;
  #ack: Uint8Array | undefined;
  #writable = true;
  /** `bytesOut` up to which the peer's application is known to have read: a pong said so. */
  #readByPeer = 0;
  #pingEndsAt = 0;

  constructor(config: ConnectionConfig) {
    this.outbox = new Outbox(config.outboxBytesMax, config.outboxHighWaterBytes);
    this.#watch = new ProgressWatch(config.liveness.drainTimeoutMs);
  }

  get writable(): boolean {
    return this.#writable;
  }

  /** Nothing waits here, and the kernel has taken what was written. */
  get isFlushed(): boolean {
    const messages = (this.messagesFlow && this.outbox.hasOutput) || this.#isMidLine;
    return this.#writable && !this.#hasControl && !messages;
  }

  get pingWaits(): boolean {
    return this.#ping !== undefined;
  }

  get ackWaits(): boolean {
    return this.#ack !== undefined;
  }

  /** Bytes before a new ping that the peer's application is not known to have read. */
  get behindBytes(): number {
    const unread = this.bytesOut - this.#readByPeer;
    if (this.speech?.dialect !== "frame") return unread;
    // An ACK is as good as a pong; what is not a message is too little to count.
    return Math.min(unread, this.outbox.unconfirmedBytes);
  }

  say(bytes: Uint8Array): void {
    if (this.#control === undefined) this.#control = [bytes];
    else this.#control.push(bytes);
  }

  /** For what would make the peer leave: it goes behind the messages that wait now. */
  sayAfterMessages(bytes: Uint8Array): void {
    if (this.outbox.hasOutput) this.#afterMessages = bytes;
    else this.say(bytes);
  }

  ping(bytes: Uint8Array): void {
    this.#ping = bytes;
  }

  /** Answers a ping. Where an earlier answer has not left yet, one of the two is dropped. */
  pong(bytes: Uint8Array): void {
    if (this.#pong !== undefined) this.droppedAnswers += 1;
    this.#pong = bytes;
  }

  ack(bytes: Uint8Array): void {
    this.#ack = bytes;
  }

  /** The peer answered our last ping, so it has read whatever went before. */
  onPingAnswered(): void {
    this.#readByPeer = this.#pingEndsAt;
  }

  /** What to write next, or undefined. Every call must be followed by `written`. */
  next(now: Instant): Uint8Array | undefined {
    if (!this.#writable) return undefined;
    const messages = this.messagesFlow && this.outbox.hasOutput;
    let bytes: Uint8Array | undefined;
    if (this.#isMidLine) bytes = this.#takeRestOfLine();
    else if (!messages && this.#control === undefined) bytes = this.#takeLoneControl();
    bytes ??= this.#takeBatch(messages);
    if (bytes === undefined) return undefined;
    this.bytesOut += bytes.length;
    this.lastWriteBytes = bytes.length;
    if (messages && this.speech?.dialect === "frame") this.#mind(now);
    return bytes;
  }

  written(taken: boolean, now: Instant): void {
    this.#writable = taken;
    if (taken) this.#onTaken(now);
    else if (this.speech?.dialect === "frame" || !this.outbox.isEmpty) this.#mind(now);
  }

  /** The kernel took what it had refused: output moved. */
  drained(now: Instant): void {
    this.#writable = true;
    this.#onTaken(now);
  }

  pushed(now: Instant): void {
    if (!this.#writable) this.#mind(now);
  }

  /** Frame dialect. False: the peer acknowledges what was never sent. */
  acknowledged(messages: number, partBytes: number, now: Instant): boolean {
    const before = this.outbox.confirmedBytes;
    if (!this.outbox.acknowledge(messages, partBytes)) return false;
    const gained = this.outbox.confirmedBytes - before;
    if (this.outbox.confirmedBytes >= this.#watchMark) this.#restartWatch(now);
    else this.#watch.gained(gained, now);
    return true;
  }

  /** When the peer has taken nothing for too long. */
  deadline(): Instant | undefined {
    return this.#watch.deadline();
  }

  isStuck(now: Instant): boolean {
    return this.#watch.overdue(now);
  }

  /** Beats are of no use any more. */
  dropPings(): void {
    this.#ping = undefined;
    this.#pong = undefined;
  }

  get #hasControl(): boolean {
    return (
      this.#control !== undefined ||
      this.#ping !== undefined ||
      this.#pong !== undefined ||
      this.#ack !== undefined
    );
  }

  /** A line that was begun must be ended before anything else is said, a ping included. */
  get #isMidLine(): boolean {
    return this.speech?.dialect === "line" && this.outbox.isMidMessage;
  }

  #takeRestOfLine(): Uint8Array | undefined {
    return this.speech === undefined ? undefined : this.outbox.takePiece(this.speech);
  }

  /** The beat's path: one shared constant, no copy. */
  #takeLoneControl(): Uint8Array | undefined {
    if (this.#ack !== undefined) return undefined;
    if (this.#pong !== undefined && this.#ping === undefined) {
      const pong = this.#pong;
      this.#pong = undefined;
      return pong;
    }
    if (this.#ping !== undefined && this.#pong === undefined) {
      const ping = this.#ping;
      this.#ping = undefined;
      this.#pingEndsAt = this.bytesOut + ping.length;
      return ping;
    }
    return undefined;
  }

  #takeBatch(messages: boolean): Uint8Array | undefined {
    const pieces = this.#control ?? [];
    this.#control = undefined;
    if (this.#pong !== undefined) pieces.push(this.#pong);
    if (this.#ping !== undefined) {
      pieces.push(this.#ping);
      this.#pingEndsAt = this.bytesOut + pieces.reduce((sum, piece) => sum + piece.length, 0);
    }
    if (this.#ack !== undefined) pieces.push(this.#ack);
    this.#pong = undefined;
    this.#ping = undefined;
    this.#ack = undefined;
    if (messages && this.speech !== undefined) pieces.push(...this.outbox.take(this.speech));
    if (this.#afterMessages !== undefined && !this.outbox.hasOutput) {
      pieces.push(this.#afterMessages);
      this.#afterMessages = undefined;
    }
    return pieces.length === 0 ? undefined : concatBytes(pieces);
  }

  #onTaken(now: Instant): void {
    this.spokeAt = now;
    if (this.speech?.dialect === "frame") {
      if (this.outbox.unconfirmedBytes === 0) this.#watch.done();
      return;
    }
    this.outbox.confirmWritten();
    this.#watch.done();
  }

  #mind(now: Instant): void {
    if (this.#watch.deadline() !== undefined) return;
    this.#watch.begin(now);
    this.#watchMark = this.outbox.writtenBytes;
  }

  #restartWatch(now: Instant): void {
    this.#watch.done();
    if (this.outbox.unconfirmedBytes > 0) this.#mind(now);
  }
}
