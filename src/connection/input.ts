/**
 * All that one connection hears: which dialect it is, whole messages, and whether what was begun
 * goes on.
 *
 * Half a frame is evidence of life, not a right to memory: whatever is unfinished must gain 64 KiB
 * or finish within `drainTimeoutMs`. A ping between two parts of a message finishes nothing.
 */
import { type Instant, later } from "../base/time.ts";
import { ProgressWatch } from "../liveness/progress-watch.ts";
import { type AssemblerFault, MessageAssembler } from "../wire/message-assembler.ts";
import { dialectOf } from "../wire/dialect.ts";
import type { StallLog } from "../liveness/stall-log.ts";
import type { Frame } from "../wire/frame.ts";
import type { ConnectionConfig } from "./config.ts";
import type { Message } from "./effects.ts";
import { FrameSpeech, LineSpeech, type Heard, type Speech } from "./speech.ts";

const ACK_BYTES = 64 * 1024;
/** A small message is acknowledged within this time, or with what is written anyway. */
const ACK_DELAY_MS = 100;

export class Input {
  speech: Speech | undefined;
  bytesIn = 0;
  messagesIn = 0;
  pingsIn = 0;
  lastPingSeqIn = 0;
  /** What the transport keeps of a unit of its own that is not complete. */
  transportBytes = 0;
  /** Lines that were not valid UTF-8. */
  replacedLines = 0;
  readonly #config: ConnectionConfig;
  readonly #stalls: StallLog;
  #watch: ProgressWatch | undefined;
  #assembler: MessageAssembler | undefined;
  #unfinishedBytes = 0;
  #unackedBytes = 0;
  #ackDueAt: Instant | undefined;

  constructor(config: ConnectionConfig, stalls: StallLog) {
    this.#config = config;
    this.#stalls = stalls;
  }

  /** Bytes kept for a line, frame or message that is not complete, here or in the transport. */
  get heldBytes(): number {
    const pending = this.speech?.pendingBytes ?? 0;
    return pending + (this.#assembler?.heldBytes ?? 0) + this.transportBytes;
  }

  /** Chooses the dialect by the first byte, which decides. */
  sniff(bytes: Uint8Array): Speech {
    return dialectOf(bytes[0] ?? 0) === "frame" ? this.speakFrames() : this.speakLines();
  }

  speakFrames(): Speech {
    this.speech = new FrameSpeech(this.#config.role);
    return this.speech;
  }

  speakLines(): Speech {
    this.speech = new LineSpeech(this.#config.words, this.#config.lineBytesMax);
    return this.speech;
  }

  /** Nothing is half received, watched or to be acknowledged. */
  get isQuiet(): boolean {
    if (this.#watch !== undefined || this.#ackDueAt !== undefined) return false;
    return this.heldBytes === 0 && this.#assembler?.isUnfinished !== true;
  }

  next(): Heard | undefined {
    return this.speech?.next();
  }

  /** A part of a message; the whole one when it was the last. */
  part(frame: Frame & { kind: "part" }, now: Instant): Message | AssemblerFault | undefined {
    this.#assembler ??= new MessageAssembler(this.#config.messageBytesMax);
    const result = this.#assembler.part(frame.type, frame.more, frame.payload);
    this.#unackedBytes += frame.payload.length;
    this.#ackDueAt ??= later(now, ACK_DELAY_MS);
    if (result?.kind !== "message") return result;
    this.messagesIn += 1;
    return result.message;
  }

  /** Called after each chunk of input, when all that was complete has been handled. */
  settle(now: Instant): void {
    const held = this.heldBytes;
    if (held === 0 && !(this.#assembler?.isUnfinished ?? false)) {
      this.#unfinishedBytes = 0;
      this.#watch = undefined;
      return;
    }
    if (this.#watch === undefined) {
      this.#watch = new ProgressWatch(this.#config.liveness.drainTimeoutMs, this.#stalls);
      this.#watch.begin(now);
    } else if (held > this.#unfinishedBytes) {
      this.#watch.gained(held - this.#unfinishedBytes, now);
    }
    this.#unfinishedBytes = held;
  }

  /**
   * A line or frame was completed, so what is held now is another one; but a ping between two parts
   * of a message completes nothing.
   */
  completed(): void {
    if (this.#assembler?.isUnfinished === true) return;
    this.#watch = undefined;
    this.#unfinishedBytes = 0;
  }

  isStuck(now: Instant): boolean {
    return this.#watch?.overdue(now) ?? false;
  }

  /** Our own paused reading is not the peer's fault. */
  pauseWatch(): void {
    this.#watch = undefined;
  }

  deadline(): Instant | undefined {
    return this.#watch?.deadline();
  }

  get ackDueAt(): Instant | undefined {
    return this.#ackDueAt;
  }

  /** The ACK that is due, if one is; `early` asks for one that would be due later, too. */
  takeAck(now: Instant, early: boolean): (Frame & { kind: "ack" }) | undefined {
    if (this.#ackDueAt === undefined) return undefined;
    if (!early && now < this.#ackDueAt && this.#unackedBytes < ACK_BYTES) return undefined;
    this.#ackDueAt = undefined;
    this.#unackedBytes = 0;
    const partBytes = this.#assembler?.heldBytes ?? 0;
    return { kind: "ack", messages: this.messagesIn, partBytes };
  }

  release(): void {
    this.transportBytes = 0;
    this.speech?.release();
    this.#assembler?.release();
    this.#assembler = undefined;
    this.#watch = undefined;
    this.#ackDueAt = undefined;
  }
}
