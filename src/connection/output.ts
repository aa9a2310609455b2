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
import type { StallLog } from "../liveness/stall-log.ts";
import type { ConnectionConfig } from "./config.ts";
import { KernelWatch } from "./kernel-watch.ts";
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
  readonly #drainTimeoutMs: number;
  readonly #stalls: StallLog;
  /** Made when there is something to watch: of an idle connection there never is. */
  #watch: ProgressWatch | undefined;
  #kernelWatch: KernelWatch | undefined;
  /** Confirmed bytes at which everything that was under way when the watch began has moved. */
  #watchMark = 0;
  #watchPaused = false;
  #control: Uint8Array[] | undefined;
  #afterMessages: Uint8Array | undefined;
  #lastWord: Uint8Array | undefined;
  /** The last word was said: whatever else is said from now on is not. */
  #sealed = false;
  #ping: Uint8Array | undefined;
  #pong: Uint8Array | undefined;
  #ack: Uint8Array | undefined;
  #writable = true;
  /** `bytesOut` up to which the peer's application is known to have read: a pong said so. */
  #readByPeer = 0;
  #pingEndsAt = 0;
  /** The write under way holds a ping. */
  #pingLeaves = false;

  constructor(config: ConnectionConfig, stalls: StallLog) {
    this.outbox = new Outbox(config.outboxBytesMax, config.outboxHighWaterBytes);
    this.#drainTimeoutMs = config.liveness.drainTimeoutMs;
    this.#stalls = stalls;
  }

  get writable(): boolean {
    return this.#writable;
  }

  /** Nothing waits here, and the kernel has taken what was written. */
  get isFlushed(): boolean {
    const messages = (this.messagesFlow && this.outbox.hasOutput) || this.#isMidLine;
    return this.#writable && !this.#hasControl && !messages;
  }

  /** Flushed, nothing is watched, and more may be said. */
  get isQuiet(): boolean {
    if (!this.isFlushed || this.#sealed || !this.outbox.isSettled) return false;
    return this.#watch?.isRunning !== true && this.#kernelWatch?.dueAt === undefined;
  }

  get pingWaits(): boolean {
    return this.#ping !== undefined;
  }

  get ackWaits(): boolean {
    return this.#ack !== undefined;
  }

  /** Bytes before a new ping that the peer's application is not known to have read. */
  get behindBytes(): number {
    // A line that was begun goes first, so its rest is behind the peer's back, too.
    const rest = this.#isMidLine ? this.outbox.restBytes : 0;
    const unread = this.bytesOut + rest - this.#readByPeer;
    if (this.speech?.dialect !== "frame") return unread;
    // An ACK is as good as a pong; what is not a message is too little to count.
    return Math.min(unread, this.outbox.unconfirmedBytes);
  }

  say(bytes: Uint8Array): void {
    if (this.#sealed) return;
    if (this.#control === undefined) this.#control = [bytes];
    else this.#control.push(bytes);
  }

  /** For what would make the peer leave: it goes behind the messages that wait now. */
  sayAfterMessages(bytes: Uint8Array): void {
    if (this.outbox.hasOutput) this.#afterMessages = bytes;
    else this.say(bytes);
  }

  /** Says this when all else is said, and nothing after it. Undefined: says nothing more. */
  sayLast(bytes: Uint8Array | undefined): void {
    if (this.#sealed) return;
    this.#lastWord = bytes;
    this.#sealed = true;
  }

  ping(bytes: Uint8Array): void {
    if (!this.#sealed) this.#ping = bytes;
  }

  /** Answers a ping. Where an earlier answer has not left yet, one of the two is dropped. */
  pong(bytes: Uint8Array): void {
    if (this.#sealed) return;
    if (this.#pong !== undefined) this.droppedAnswers += 1;
    this.#pong = bytes;
  }

  ack(bytes: Uint8Array): void {
    if (!this.#sealed) this.#ack = bytes;
  }

  /** The peer answered our last ping, so it has read whatever went before. */
  onPingAnswered(): void {
    this.#readByPeer = this.#pingEndsAt;
  }

  /** What to write next, or undefined. Every call must be followed by `written`. */
  next(now: Instant): Uint8Array | undefined {
    if (!this.#writable) return undefined;
    const messages = this.messagesFlow && this.outbox.hasOutput;
    // Each step asks until there is nothing, so that answer comes first.
    if (!messages && !this.#hasControl && !this.#isMidLine) return undefined;
    let bytes: Uint8Array | undefined;
    this.#pingLeaves = this.#ping !== undefined && !this.#isMidLine;
    if (this.#isMidLine) bytes = this.#takeRestOfLine();
    else if (!messages && this.#control === undefined) bytes = this.#takeLoneControl();
    bytes ??= this.#takeBatch(messages);
    if (bytes === undefined) return undefined;
    this.bytesOut += bytes.length;
    this.lastWriteBytes = bytes.length;
    if (messages && this.speech?.dialect === "frame") this.#mind(now);
    return bytes;
  }

  /** So much was written by whoever had no machine then, and the kernel took it at `spokeAt`. */
  restore(bytesOut: number, spokeAt: Instant | undefined): void {
    this.bytesOut = bytesOut;
    this.spokeAt = spokeAt;
  }

  /** This was written past the machine, and the kernel has not taken it all. */
  refused(byteCount: number, now: Instant): void {
    this.bytesOut += byteCount;
    this.lastWriteBytes = byteCount;
    this.#pingLeaves = false;
    this.written(false, now);
  }

  written(taken: boolean, now: Instant): void {
    this.#writable = taken;
    if (taken) this.#onTaken(now);
    else if (this.speech?.dialect === "frame" || !this.outbox.isEmpty) this.#mind(now);
  }

  /** What was refused is taken. True: a ping was in it. */
  drained(now: Instant): boolean {
    this.#writable = true;
    this.#onTaken(now);
    const hadPing = this.#pingLeaves;
    this.#pingLeaves = false;
    return hadPing;
  }

  pushed(now: Instant): void {
    if (!this.#writable) this.#mind(now);
  }

  /** Frame dialect. How much the ACK confirmed; undefined: what was never sent. */
  acknowledged(messages: number, partBytes: number, now: Instant): number | undefined {
    const { outbox } = this;
    const before = outbox.confirmedBytes + outbox.confirmedCount;
    if (!outbox.acknowledge(messages, partBytes)) return undefined;
    // An empty message counts, too; an ACK that only repeats itself does not.
    const gained = outbox.confirmedBytes + outbox.confirmedCount - before;
    if (gained === 0) return 0;
    if (outbox.confirmedBytes >= this.#watchMark) this.#restartWatch(now);
    else this.#watch?.gained(gained, now);
    return gained;
  }

  /**
   * What is left on its way, in the kernel and before it. The kernel reports room only when much of
   * its buffer is free, so a slow reader of lines is known to progress by this alone. True: so
   * it did.
   */
  measured(unackedBytes: number | undefined, unsentBytes: number, now: Instant): boolean {
    const gained = this.#kernelWatch?.read(unackedBytes, unsentBytes, this.bytesOut) ?? 0;
    if (this.speech?.dialect === "line") this.#watch?.gained(gained, now);
    return gained > 0;
  }

  /** When to measure: while output is taken slowly, and while the last of it is on its way. */
  get measureAt(): Instant | undefined {
    return this.#kernelWatch?.dueAt;
  }

  /** Whether it is time; the next time is set. */
  takeMeasure(now: Instant): boolean {
    return this.#kernelWatch?.take(now) === true;
  }

  /** All is written and FIN follows; what the kernel still holds is worth watching. */
  finishing(now: Instant): void {
    this.sayLast(undefined);
    this.#followKernel(now);
  }

  /** While we do not read, ACKs wait unread, too. */
  pauseWatch(): void {
    if (this.speech?.dialect !== "frame") return;
    this.#watchPaused = true;
    this.#watch?.done();
  }

  resumeWatch(now: Instant): void {
    this.#watchPaused = false;
    if (this.speech?.dialect === "frame") this.#restartWatch(now);
  }

  /** When the peer has taken nothing for too long. */
  deadline(): Instant | undefined {
    return this.#watch?.deadline();
  }

  isStuck(now: Instant): boolean {
    return this.#watch?.overdue(now) === true;
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
      this.#ack !== undefined ||
      this.#afterMessages !== undefined ||
      this.#lastWord !== undefined
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
    if (this.#ack !== undefined || this.#lastWord !== undefined) return undefined;
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
    if (this.#lastWord !== undefined && !(this.messagesFlow && this.outbox.hasOutput)) {
      pieces.push(this.#lastWord);
      this.#lastWord = undefined;
    }
    return pieces.length === 0 ? undefined : concatBytes(pieces);
  }

  #onTaken(now: Instant): void {
    this.spokeAt = now;
    this.#kernelWatch?.end();
    if (this.speech?.dialect === "frame") {
      if (this.outbox.unconfirmedBytes === 0) this.#watch?.done();
      return;
    }
    this.outbox.confirmWritten();
    this.#watch?.done();
  }

  #mind(now: Instant): void {
    if (this.#watch?.isRunning === true || this.#watchPaused) return;
    this.#watch ??= new ProgressWatch(this.#drainTimeoutMs, this.#stalls);
    this.#watch.begin(now);
    if (this.speech?.dialect === "line") this.#followKernel(now);
    this.#watchMark = this.outbox.writtenBytes;
  }

  #followKernel(now: Instant): void {
    this.#kernelWatch ??= new KernelWatch(this.#drainTimeoutMs);
    this.#kernelWatch.begin(now);
  }

  #restartWatch(now: Instant): void {
    this.#watch?.done();
    const waits = !this.#writable && this.outbox.hasOutput;
    if (this.outbox.unconfirmedBytes > 0 || waits) this.#mind(now);
  }
}
