/**
 * One guarded connection: looks at a socket of somebody else from time to time and lets the monitor
 * judge what it saw.
 *
 * The path of each look is: sample the counters, let the monitor say what is due, set the alarm.
 * What is easy to break:
 * - A verdict is sought in `onAlarm` only, which follows a whole pass of reading. What an event or
 *   an answer of the kernel brings in between changes the monitor and the alarm, and nothing else.
 * - What the counters tell is as old as the look before; whatever came since then counts as just
 *   heard. So a verdict may be late by one look, and is never early.
 * - After the end there is no listener of ours on the target, and no alarm.
 */
import type { Socket } from "node:net";
import type { ErrorCode } from "../base/errors.ts";
import { earliestOf, type Instant, later } from "../base/time.ts";
import type { Alarmed } from "../driver/alarms.ts";
import type { Judged } from "../driver/reaper.ts";
import { LivenessMonitor } from "../liveness/monitor.ts";
import type { EffectiveKernelOptions, RemoteAddress } from "../transports/transport.ts";
import { Departure } from "./departure.ts";
import { gatherEvidence } from "./evidence.ts";
import { type Ending, type GuardedKind, type GuardEvidence, HANDED_OVER } from "./guard-record.ts";
import type { ConnectionTarget } from "./guard-target.ts";
import { carrierOf, isOverTcp, remoteOf, UNKNOWN_ADDRESS } from "./remote-address.ts";
import { isBeingRead, isUnconnected } from "./socket-meter.ts";
import type { Surroundings } from "./surroundings.ts";
import { Traffic } from "./traffic.ts";

/** How long a reading of the kernel's count may take: one a second serves all. */
const READING_MS_MAX = 1_100;

export abstract class Guarded implements Alarmed, Judged {
  abstract readonly target: ConnectionTarget;
  readonly number: number;
  readonly openedAt: Instant;
  readonly openedAtWallMs: number;
  readonly monitor: LivenessMonitor;
  readonly traffic: Traffic;
  protected readonly around: Surroundings;
  /** Who began to close, as far as that was seen. */
  protected peerBegan = false;
  /** The socket that is looked at; undefined until there is one. */
  protected socket: Socket | undefined;
  #remote: RemoteAddress | undefined;
  readonly #slot: number;
  #deadline: Instant | undefined;
  #lookedAt: Instant;
  #isJudged = false;
  #asks = false;
  #isSuspect = false;
  #isTuned = false;
  /** It was closed already at an earlier alarm. */
  #wasClosed = false;
  #hasEnded = false;
  #isMeasuring = false;
  #pingSeq = 0;
  #departure: Departure | undefined;

  constructor(number: number, around: Surroundings, now: Instant) {
    this.number = number;
    this.around = around;
    this.openedAt = now;
    this.openedAtWallMs = around.clock.wallNow();
    this.#lookedAt = now;
    const { stalls, alarms } = around.reaper;
    this.monitor = new LivenessMonitor(around.config.monitor, stalls, around.random, now);
    this.traffic = new Traffic(this.monitor, around.config.drainTimeoutMs);
    this.monitor.pause(now); // Until the first look finds that it is being read.
    around.counters.notJudged += 1;
    this.#slot = alarms.add(this, undefined);
  }

  /** Whether the target has told of its end, to us or to nobody. */
  abstract get isClosed(): boolean;
  /** Whether a question of ours would be understood, now. */
  abstract get canBeAsked(): boolean;
  /** Bytes that wait in this process. */
  abstract get queuedBytes(): number;
  /** What carries it. */
  get kind(): GuardedKind {
    return carrierOf(this.socket, this.#remote);
  }

  /** The end of the target, as read off it. */
  protected abstract endingNow(): Ending;
  /** Sends a question, or nothing. */
  protected abstract ask(seq: number): void;
  /** Asks the peer to leave, in the words of its protocol. */
  protected abstract sayGoodbye(): void;
  /** Destroys what is left of the target. */
  protected abstract abandon(): void;
  /** Takes every listener of ours off. */
  protected abstract unwire(): void;
  /** After each look. */
  protected abstract onLook(now: Instant): void;

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isConnected(): boolean {
    return this.socket !== undefined && !isUnconnected(this.socket);
  }

  get isJudged(): boolean {
    return this.#isJudged;
  }

  get remote(): string {
    return (this.#remote ?? UNKNOWN_ADDRESS).text;
  }

  get wasHeld(): boolean {
    return this.monitor.held;
  }

  /** There is a socket now. To be called once. */
  protected begin(socket: Socket, now: Instant): void {
    this.socket = socket;
    this.traffic.begin(socket);
    this.#look(now);
    this.#setAlarm();
  }

  onAlarm(now: Instant): void {
    if (this.#hasEnded) return;
    this.#look(now);
    if (this.#isLost()) return;
    // Of one that was destroyed only "close" is left to come.
    const isLive = this.socket?.destroyed !== true;
    if (isLive) this.#judge(now);
    if (isLive && !this.#hasEnded) this.#mindOutput(now);
    if (isLive && !this.#hasEnded) this.#mindLeaving(now);
    this.#setAlarm();
  }

  // From the reaper, at the end of a pass.

  condemn(): void {
    if (this.#hasEnded) return;
    this.monitor.dead(this.around.clock.now());
    this.destroy("PEER_SILENT");
  }

  hold(delayMs: number): void {
    if (this.#hasEnded) return;
    this.monitor.hold(delayMs, this.around.clock.now());
    this.#setAlarm();
  }

  // From the guard.

  /** Sets the options of the kernel, as soon as there is a connection. */
  tune(): void {
    const { socket } = this;
    const { kernel } = this.around;
    if (this.#isTuned || socket === undefined || !this.isConnected || !kernel.isReady) return;
    this.#isTuned = true;
    if (isOverTcp(this.#remote) && !socket.destroyed) kernel.tune(socket);
  }

  verifySoon(): void {
    if (this.#hasEnded) return;
    this.monitor.verifySoon(this.around.clock.now());
    this.#setAlarm();
  }

  /** Asks it to leave at `leaveAt`, and ends it `graceMs` after that. */
  drain(leaveAt: Instant, graceMs: number): void {
    if (this.#hasEnded || this.#departure !== undefined) return;
    this.#departure = new Departure(leaveAt, graceMs);
    this.#setAlarm();
  }

  /** Lets go of it. The target is not touched, and does not know that it was guarded. */
  release(): void {
    if (this.#hasEnded) return;
    this.#leave();
  }

  /** For tables and records. Looks first, so that ages are of now. */
  evidence(now: Instant): GuardEvidence {
    if (!this.#hasEnded) this.#look(now);
    return gatherEvidence(this, this.around.config.timeoutMs, now);
  }

  kernelOptions(): EffectiveKernelOptions | undefined {
    const { socket } = this;
    if (socket === undefined) return undefined;
    return this.around.kernel.optionsInForce(socket, isOverTcp(this.#remote));
  }

  // For the kinds.

  /** The answer to the question `seq` came. */
  protected answered(seq: number): void {
    const now = this.around.clock.now();
    this.#look(now);
    if (this.monitor.answered(seq, now) === undefined) return;
    this.around.counters.pingsAnswered += 1;
    this.traffic.answered();
    this.#setAlarm();
  }

  /** The question to which no answer was seen. */
  protected get askedSeq(): number | undefined {
    return this.monitor.outstanding?.seq;
  }

  /** Whether an answer to it may still come. */
  protected awaitsAnswer(now: Instant): boolean {
    const { outstanding, answerWithinMs } = this.monitor;
    return outstanding !== undefined && now - outstanding.at <= answerWithinMs;
  }

  /** The target says that it is closed. */
  protected closed(ending: Ending): void {
    if (this.#hasEnded) return;
    const isDrained = this.#departure?.isAsked === true;
    this.#end(isDrained ? { ...ending, code: "DRAINED", by: "here" } : ending, false);
  }

  /** Ends it at once. */
  protected destroy(code: ErrorCode): void {
    const by = code === "DRAINED" ? "here" : "fault";
    const detail = code === "DRAINED" ? "it had not left when its time was over" : "";
    this.#end({ code, by, detail, cause: undefined, peerSaid: undefined }, true);
  }

  #look(now: Instant): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.#lookedAt = now;
    if (this.#remote === undefined && !isUnconnected(socket)) {
      this.#remote = remoteOf(socket);
      this.tune();
    }
    this.traffic.look(socket, this.around.reaper.stalls, now);
    if (socket.destroyed) return; // What was known of it before stays known.
    this.#settle(isBeingRead(socket), now);
    this.onLook(now);
  }

  /** By which rules it is judged. Silence of a socket that is not read is ours. */
  #settle(isJudged: boolean, now: Instant): void {
    const asks = isJudged && this.canBeAsked;
    if (isJudged === this.#isJudged && asks === this.#asks) return;
    const { monitor } = this;
    const { config, counters } = this.around;
    this.#asks = asks;
    monitor.setVerify(asks);
    monitor.setAllowance(asks ? config.unaskedMs : config.timeoutMs);
    monitor.setBeat(asks ? config.intervalMs : undefined, "when-quiet", now);
    if (isJudged === this.#isJudged) return;
    this.#isJudged = isJudged;
    counters.notJudged += isJudged ? -1 : 1;
    if (isJudged) monitor.resume(now);
    else monitor.pause(now);
  }

  /**
   * Whether its end would never be told: its owner handed it over to another process, which leaves
   * an empty socket here, or took every listener off, ours included.
   */
  #isLost(): boolean {
    const { socket } = this;
    if (this.#remote !== undefined && socket !== undefined && isUnconnected(socket)) {
      this.closed(HANDED_OVER);
    } else if (this.#wasClosed) this.closed(this.endingNow());
    // A stream is closed a little before it says so; a whole look later it has said it.
    else this.#wasClosed = this.isClosed;
    return this.#hasEnded;
  }

  #judge(now: Instant): void {
    const { monitor } = this;
    for (let due = monitor.poll(now); due !== undefined; due = monitor.poll(now)) {
      switch (due) {
        case "beat":
        case "verify":
          this.#askNow(now);
          break;
        case "measure":
          this.#measure();
          break;
        case "suspect":
          this.#tellSuspect(true);
          break;
        case "alive":
        case "slow":
          this.#tellSuspect(false);
          break;
        case "expired":
          this.around.reaper.judge(this);
          break;
        default:
          due satisfies never;
      }
      if (this.#hasEnded) return; // By a listener, or since it was held once already.
    }
  }

  #askNow(now: Instant): void {
    // A listener may have closed it in this very pass: writing then would be its owner's error.
    if (!this.canBeAsked) return;
    // An earlier question that has not even left is still a question.
    if (this.monitor.outstanding !== undefined && this.traffic.bytesWaiting > 0) return;
    this.#pingSeq += 1;
    const behindBytes = this.traffic.asked();
    this.ask(this.#pingSeq);
    this.around.counters.pingsSent += 1;
    this.monitor.pinged(this.#pingSeq, behindBytes, now);
    this.onLook(now);
  }

  #measure(): void {
    const { socket } = this;
    if (socket === undefined || socket.destroyed || this.#isMeasuring) return;
    if (!isOverTcp(this.#remote)) {
      this.#onUnacked(undefined, false);
      return;
    }
    this.#isMeasuring = true;
    this.around.kernel.readUnacked(socket, (bytes, isShut) => this.#onUnacked(bytes, isShut));
  }

  #onUnacked(bytes: number | undefined, windowIsShut: boolean): void {
    this.#isMeasuring = false;
    if (this.#hasEnded) return;
    const now = this.around.clock.now();
    this.#look(now); // What was written by now is counted before the reading is.
    const reading = { bytes, windowIsShut, isEvidence: !this.#asks };
    this.traffic.counted(reading, this.around.config.lookMs + READING_MS_MAX, now);
    this.#setAlarm();
  }

  /**
   * A slow reader's kernel acknowledges in steps, which may be further apart than suspicion lasts.
   * So whoever cannot be asked is looked at more closely while there is time.
   */
  #mindOutput(now: Instant): void {
    const { output, mayMove } = this.traffic;
    const quietMs = now - this.monitor.heardAt;
    const isQuiet = this.#isJudged && !this.#asks && quietMs >= this.around.config.timeoutMs / 2;
    if (isQuiet && mayMove) this.#measure();
    if (output === undefined) return;
    if (output.takeMeasure(now)) this.#measure();
    if (output.isStuck(now)) this.destroy("PEER_TAKES_NOTHING");
  }

  #mindLeaving(now: Instant): void {
    const due = this.#departure?.poll(now);
    if (due === "ask") this.sayGoodbye();
    else if (due === "end") this.destroy("DRAINED");
  }

  #tellSuspect(isSuspect: boolean): void {
    if (isSuspect === this.#isSuspect) return;
    this.#isSuspect = isSuspect;
    const { counters, owner } = this.around;
    counters.suspects += isSuspect ? 1 : -1;
    if (isSuspect) counters.suspicions += 1;
    owner.onSuspicion(this, isSuspect);
  }

  #setAlarm(): void {
    if (this.#hasEnded) return;
    let deadline = earliestOf(this.monitor.deadline(), this.#departure?.deadline());
    const lookAt = later(this.#lookedAt, this.around.config.lookMs);
    if (this.socket !== undefined) deadline = earliestOf(deadline, lookAt);
    deadline = earliestOf(deadline, this.traffic.output?.deadline());
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    this.around.reaper.alarms.set(this.#slot, deadline);
  }

  #end(ending: Ending, isOurs: boolean): void {
    const now = this.around.clock.now();
    const evidence = this.evidence(now);
    this.#leave();
    const { socket } = this;
    let reset = false;
    if (isOurs) {
      const canReset = this.isConnected && isOverTcp(this.#remote);
      if (socket !== undefined) reset = this.around.kernel.destroy(socket, canReset);
      this.abandon();
    }
    this.around.owner.onEnd(this, ending, evidence, reset);
  }

  #leave(): void {
    this.#hasEnded = true;
    this.around.reaper.alarms.remove(this.#slot);
    const { counters } = this.around;
    if (!this.#isJudged) counters.notJudged -= 1;
    if (this.#isSuspect) counters.suspects -= 1;
    this.unwire();
  }
}
