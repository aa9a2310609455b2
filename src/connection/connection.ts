/**
 * One connection, from first byte to last, without touching a socket.
 *
 * Feed it with `handle*`, command it with `send` and `close`, then empty it with `poll` and sleep
 * until `deadline`. It never calls out, reads no clock, throws for nothing that the peer did, and
 * does the same for the same inputs at the same instants.
 *
 * Everything that may change `#phase` is in this file and goes through NEXT. What is easy to break:
 * no verdict may fall on input that waits unread in the kernel, so the driver calls `handleTimeout`
 * only after a poll pass that brought this connection nothing.
 */
import { assert } from "../base/assert.ts";
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { GoAway, Hello, Welcome } from "../wire/frame.ts";
import type {
  ConnectionConfig,
  ConnectionContext,
  ConnectionIdentity,
  Greeting,
  WelcomeTerms,
} from "./config.ts";
import { EffectQueue } from "./effect-queue.ts";
import type { Dialect, Effect, LastWord, Measure, Message, Refusal } from "./effects.ts";
import type { EndEvidence } from "./end-record.ts";
import { endFacts, type Ending, gatherEvidence, ordinaryEnd } from "./ending.ts";
import { beginFarewell, type Farewell, leavePeer, sayLastWord } from "./farewell.ts";
import { Handshake } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { answersInTls, hear } from "./hearing.ts";
import { Input } from "./input.ts";
import { checkMessage } from "./message-check.ts";
import { OutgoingMessage } from "./outgoing-message.ts";
import { Output } from "./output.ts";
import { NEXT, type Phase, type Trigger } from "./phases.ts";
import { meetDeadlines, nextDeadline } from "./deadlines.ts";
import { Reading } from "./reading.ts";

const NO_GREETING: Greeting = { token: undefined, previous: undefined };

export class Connection {
  readonly config: ConnectionConfig;
  readonly id: string;
  readonly secret: string;
  readonly input: Input;
  readonly output: Output;
  readonly heartbeat: Heartbeat;
  readonly reading: Reading;
  readonly handshake: Handshake;
  readonly effects: EffectQueue = new EffectQueue();
  readonly openedAt: Instant;
  /** Milliseconds since 1970, for the record; told by whoever has a wall clock. */
  openedAtWallMs = 0;
  /** What its owner was last told that it holds; the driver's account. */
  accountedBytes = 0;
  /** What the budget of a server counts for it, and whether it was chosen to end for its sake. */
  budgetBytes = 0;
  isDoomed = false;
  /** Messages, in and out, by the last beat. */
  #messagesByBeat = 0;
  /** What the peer said in HELLO (server) or WELCOME (client). */
  hello: Hello | undefined;
  welcomed: Welcome | undefined;
  unackedBytes: number | undefined;
  wasOpen = false;
  #phase: Phase = "silent";
  farewell: Farewell | undefined;
  #deliveredTold = true;
  /** A server of ours told this line client that the port takes frames only. */
  wrongDialectTold = false;
  /** The server said GOAWAY. */
  sentAway = false;

  /** A client passes its greeting; a server passes undefined. */
  constructor(
    config: ConnectionConfig,
    identity: ConnectionIdentity,
    context: ConnectionContext,
    greeting: Greeting | undefined,
    now: Instant,
  ) {
    this.config = config;
    this.id = identity.id;
    this.secret = identity.secret;
    this.openedAt = now;
    this.input = new Input(config, context.stalls);
    this.output = new Output(config, context.stalls);
    this.heartbeat = new Heartbeat(config, context, this.output, now);
    this.reading = new Reading(config.liveness.pauseMsMax, context.stalls);
    this.handshake = new Handshake(this, context.stalls);
    if (config.role === "client") this.handshake.greet(greeting ?? NO_GREETING, now);
    else this.handshake.awaitFirstByte(now);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get dialect(): Dialect | undefined {
    return this.input.speech?.dialect;
  }

  get verdict(): Verdict {
    return this.heartbeat.monitor.verdict;
  }

  get leaseMs(): number | undefined {
    return this.heartbeat.leaseMs;
  }

  get intervalMs(): number | undefined {
    return this.heartbeat.intervalMs;
  }

  get heardAt(): Instant | undefined {
    return this.input.bytesIn === 0 ? undefined : this.heartbeat.monitor.heardAt;
  }

  /** Bytes that wait to be sent or acknowledged. */
  get outboxBytes(): number {
    return this.output.outbox.bytes;
  }

  /** Bytes of messages kept here: on their way out, and half received. */
  get heldBytes(): number {
    return this.output.outbox.bytes + this.input.heldBytes;
  }

  /** For tables and reports, at any time before or after the end. */
  evidence(now: Instant): EndEvidence {
    return gatherEvidence(this, now);
  }

  /** When to call `handleTimeout`; undefined when there is nothing to wait for. */
  deadline(): Instant | undefined {
    return this.#phase === "ended" ? undefined : nextDeadline(this);
  }

  /** To be asked once for each beat. */
  saidNothingSinceBeat(): boolean {
    const before = this.#messagesByBeat;
    this.#messagesByBeat = this.input.messagesIn + this.output.outbox.writtenCount;
    return before === this.#messagesByBeat;
  }

  /** The next effect, or undefined: then sleep until `deadline`. */
  poll(now: Instant): Effect | undefined {
    const effect = this.effects.shift();
    if (effect !== undefined || this.#phase === "ended") return effect;
    if (this.#phase === "finishing") return undefined; // Nothing is written after FIN.
    if (this.output.outbox.takeDrained()) return { do: "drained" };
    if (!this.#deliveredTold && this.output.outbox.isEmpty) {
      this.#deliveredTold = true;
      return { do: "delivered" };
    }
    this.acknowledge(now, this.output.outbox.hasOutput);
    const bytes = this.output.next(now);
    if (bytes !== undefined) return { do: "write", bytes };
    if (this.#phase !== "closing" || !this.output.isFlushed) return undefined;
    return sayLastWord(this, this.farewell, now);
  }

  // From the transport, by way of the driver.

  /** The bytes are lent: what is kept is copied. */
  handleBytes(bytes: Uint8Array, now: Instant): void {
    if (this.#phase === "ended" || bytes.length === 0) return;
    this.input.bytesIn += bytes.length;
    this.heartbeat.monitor.heard(now);
    this.heartbeat.tellVerdict(this.effects);
    if (this.farewell !== undefined && this.isDeaf) {
      if (this.farewell.isSpent(bytes.length)) this.end(this.farewell.ending, undefined, now);
      return;
    }
    if (this.#phase === "silent" && !this.handshake.recognise(bytes, now)) return;
    if (this.input.bytesIn === bytes.length && answersInTls(this, bytes, now)) return;
    this.input.speech?.push(bytes);
    hear(this, now);
    if (this.isDeaf) this.input.release();
    else this.input.settle(now);
  }

  /** What became of the last "write". */
  handleWritten(taken: boolean, now: Instant): void {
    if (this.#phase === "ended") return;
    this.output.written(taken, now);
    if (taken) this.heartbeat.monitor.spoke(now, this.output.lastWriteBytes);
    this.farewell?.moved(now);
  }

  /** The answer to a ping was written past this machine, and waits, in part or as a whole. */
  handleRefused(byteCount: number, now: Instant): void {
    if (this.#phase !== "ended") this.output.refused(byteCount, now);
  }

  /** `moved`: the kernel had refused a part of it before. */
  handleDrained(moved: boolean, now: Instant): void {
    if (this.#phase === "ended") return;
    if (this.output.drained(now)) this.heartbeat.pingLeft(now);
    this.heartbeat.monitor.spoke(now, this.output.lastWriteBytes);
    if (moved) this.handleMoved(now);
  }

  /** Output moved towards the peer: the kernel took what it had refused, or an ACK came. */
  handleMoved(now: Instant): void {
    this.heartbeat.monitor.moved(now);
    this.heartbeat.tellVerdict(this.effects);
    this.farewell?.moved(now);
  }

  /** The answer to "measure": what the peer's kernel, and what our own, has not taken. */
  handleUnacked(measure: Measure, now: Instant): void {
    if (this.#phase === "ended") return;
    const { unackedBytes, unsentBytes, windowIsShut } = measure;
    this.unackedBytes = unackedBytes;
    if (this.output.measured(unackedBytes, unsentBytes, now)) this.farewell?.moved(now);
    this.heartbeat.monitor.unacked(unackedBytes, now, windowIsShut);
    this.heartbeat.tellVerdict(this.effects);
  }

  /** The peer sent FIN, and `said` where the transport has words. */
  handleFinished(said: LastWord | undefined, now: Instant): void {
    if (this.#phase !== "ended" && this.farewell === undefined) leavePeer(this, said, now);
  }

  handleClosed(fault: Error | undefined, now: Instant): void {
    if (this.#phase === "ended") return;
    if (this.farewell === undefined) this.end(ordinaryEnd(fault), fault, now);
    else this.end(this.farewell.ending, undefined, now);
  }

  handleTimeout(now: Instant): void {
    if (this.#phase !== "ended") meetDeadlines(this, now);
  }

  // From the owner.

  /**
   * Queues a message. False: it was taken, but more is queued than the high-water mark; wait for
   * "drained".
   *
   * @throws HoldfastError `NOT_OPEN`, `MESSAGE_NOT_A_LINE`, `MESSAGE_TOO_LONG`, `OUTBOX_FULL`.
   */
  send(data: Message, now: Instant): boolean {
    return this.post(new OutgoingMessage(data, false), now);
  }

  /** The same for a message that is made already, since it goes to many. */
  post(message: OutgoingMessage, now: Instant): boolean {
    if (this.#phase === "ended" || this.farewell !== undefined) {
      throw new HoldfastError("NOT_OPEN", "expected an open connection, got one that is closing");
    }
    checkMessage(message, this);
    message.own();
    this.#deliveredTold = false;
    const belowHighWater = this.output.outbox.push(message);
    this.output.pushed(now);
    return belowHighWater;
  }

  /** Stops reading because the application is behind. While it lasts, silence is ours. */
  pauseReading(now: Instant): void {
    if (this.#phase !== "open" || !this.reading.pause(now)) return;
    // Whatever we wait for may lie unread: half a message's other half, an ACK, a sign of life.
    this.heartbeat.pause(now);
    this.input.pauseWatch();
    this.output.pauseWatch();
    this.effects.push({ do: "pause" });
  }

  resumeReading(now: Instant): void {
    if (this.#phase === "ended" || !this.reading.resume()) return;
    this.input.settle(now);
    this.output.resumeWatch(now);
    this.heartbeat.monitor.resume(now);
    this.effects.push({ do: "resume" });
  }

  /** Orderly: what is queued is written first, then the last word, then FIN. */
  close(code: ErrorCode, reason: string, now: Instant): void {
    const ending: Ending = { code, by: "here", detail: reason };
    if (this.#phase === "open") beginFarewell(this, "close-asked", ending, false, now);
    else if (!this.wasOpen && this.farewell === undefined) this.abort(code, reason, now);
  }

  /** At once, with a reset; what is queued is lost and named in the record. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    if (this.#phase === "ended") return;
    this.effects.clear(); // Who aborts wants no message more, not even one that came before.
    this.end({ code, by: "here", detail }, undefined, now);
  }

  /** Server: lets the peer in. */
  welcome(terms: WelcomeTerms, now: Instant): void {
    this.handshake.welcome(terms, now);
  }

  /** Server: turns the peer away, as soon as it is known in which words. */
  refuse(refusal: Refusal, now: Instant): void {
    if (this.farewell === undefined && this.#phase !== "ended") this.handshake.refuse(refusal, now);
  }

  /** Server: tells a frame peer to go. A line peer cannot be told. Does not end the connection. */
  goAway(goaway: GoAway): void {
    if (this.#phase !== "open" || this.dialect !== "frame" || this.farewell !== undefined) return;
    const bytes = this.input.speech?.control({ kind: "goaway", goaway });
    if (bytes !== undefined) this.output.sayAfterMessages(bytes);
  }

  /** The answers to "judge". */
  condemn(now: Instant): void {
    if (this.#phase === "ended") return;
    this.heartbeat.monitor.dead(now);
    this.heartbeat.tellVerdict(this.effects);
    this.end({ code: "PEER_SILENT", by: "fault", detail: "" }, undefined, now);
  }

  hold(delayMs: number, now: Instant): void {
    if (this.#phase !== "ended") this.heartbeat.monitor.hold(delayMs, now);
  }

  /** The machine may have slept: make sure of the peer soon. */
  verifySoon(now: Instant): void {
    if (this.#phase === "open") this.heartbeat.verifySoon(now);
  }

  // For the other files of this room.

  /** Messages may flow. */
  open(trigger: Trigger, now: Instant): void {
    this.move(trigger);
    this.handshake.end();
    this.wasOpen = true;
    this.output.messagesFlow = true;
    const welcome = this.welcomed;
    this.effects.push({ do: "opened", dialect: this.dialect ?? "line", welcome });
    if (this.dialect === "line") this.heartbeat.startLine(now);
  }

  /** The peer broke a rule, or we must stop for a reason of ours: say so, then close. */
  breakOff(code: ErrorCode, detail: string, now: Instant): void {
    if (this.#phase === "ended" || this.farewell !== undefined) return;
    // A plain program would not understand END, so a client that met one just goes.
    const isForeign = code === "WRONG_DIALECT" || code === "TLS_FAILED";
    const strangers = this.config.role === "client" && isForeign;
    if (this.#phase === "silent" || strangers) {
      this.end({ code, by: "fault", detail }, undefined, now);
      return;
    }
    beginFarewell(this, "refused", { code, by: "fault", detail }, true, now);
  }

  /** True when nothing that the peer says matters any more. */
  get isDeaf(): boolean {
    const { farewell } = this;
    if (farewell === undefined) return this.#phase === "ended";
    return farewell.discards || farewell.peerSaid !== undefined; // END is the last word.
  }

  /** Changes the phase, by the table and no other way. */
  move(trigger: Trigger): void {
    const next = NEXT[this.#phase][trigger];
    assert(next !== undefined, `"${trigger}" has an answer in phase "${this.#phase}"`);
    this.#phase = next;
  }

  /** The end: exactly one, and nothing after it. */
  end(ending: Ending, cause: Error | undefined, now: Instant): void {
    this.move("over");
    this.effects.push({ do: "end", facts: endFacts(this, ending, cause, now) });
    this.input.release();
    this.farewell = undefined;
  }

  /** Server: it was open as a line peer before it rested, and was told so then. */
  reopen(): void {
    this.output.speech = this.input.speakLines();
    this.move("first-line-byte");
    this.wasOpen = true;
    this.output.messagesFlow = true;
  }

  /** Queues the ACK that is due; `early` one that would be due later, too. */
  acknowledge(now: Instant, early: boolean): void {
    if (this.input.ackDueAt === undefined) return;
    const ack = this.input.takeAck(now, early);
    const bytes = ack && this.input.speech?.control(ack);
    if (bytes !== undefined) this.output.ack(bytes);
  }
}
