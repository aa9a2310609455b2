/**
 * The beats of one connection: our pings and their answers, the peer's pings and ours to them, and
 * what both have promised to each other.
 *
 * It owns the monitor, which alone decides; this file turns decisions into pings and pings into
 * inputs of the monitor.
 */
import { earliestOf, elapsedMs, type Instant, latest } from "../base/time.ts";
import { clientInterval, graceMs, leaseFor } from "../liveness/lease.ts";
import { LivenessMonitor, type Verdict } from "../liveness/monitor.ts";
import {
  PING_BURST,
  PingBudget,
  type PingRuling,
  type PingsLeft,
} from "../liveness/ping-budget.ts";
import type { StallLog } from "../liveness/stall-log.ts";
import type { Welcome } from "../wire/frame.ts";
import type { ConnectionConfig, ConnectionContext } from "./config.ts";
import type { EffectQueue } from "./effect-queue.ts";
import type { Dialect, Effect } from "./effects.ts";
import type { Output } from "./output.ts";
import type { Pace } from "./pace.ts";
import type { Speech } from "./speech.ts";

/** A server may ask for fewer pings, but not talk a client out of noticing its death. */
const SLOWER_AT_MOST = 10;

export type PingAnswer = "answered" | "later" | "flood";

export class Heartbeat {
  readonly monitor: LivenessMonitor;
  /** Within how long the peer has to speak. */
  leaseMs: number | undefined;
  /** Our own beat. */
  intervalMs: number | undefined;
  pingsOut = 0;
  readonly #config: ConnectionConfig;
  readonly #output: Output;
  readonly #stalls: StallLog;
  /** Decides the interval, where it is not fixed. */
  readonly #pace: Pace | undefined;
  /** Made by the first ping that comes too soon after another. */
  #budget: PingBudget | undefined;
  /** When the last ping came while there was no budget. */
  #pingedAt = Number.NEGATIVE_INFINITY as Instant;
  /** A ping over the budget that is still to be answered. */
  #coalescedSeq: number | undefined;
  /** The gap that the peer was last told of. */
  #announcedMs = 0;
  #leaseMsMax = 0;
  #toldVerdict: Verdict = "alive";

  constructor(config: ConnectionConfig, context: ConnectionContext, output: Output, now: Instant) {
    this.#config = config;
    this.#output = output;
    const { stalls, random, pace } = context;
    this.#stalls = stalls;
    this.#pace = pace;
    this.monitor = new LivenessMonitor(config.liveness, stalls, random, now);
    this.monitor.setAnswers(config.liveness.answersExpected);
  }

  /** Server: a peer that has said nothing may be a line peer, and has the whole timeout. */
  awaitFirstByte(): void {
    this.leaseMs = this.#config.liveness.timeoutMs;
    this.monitor.setAllowance(this.leaseMs);
  }

  /** A handshake has a deadline of its own. */
  suspendAllowance(): void {
    this.leaseMs = undefined;
    this.monitor.setAllowance(undefined);
  }

  startLine(now: Instant): void {
    if (this.#config.role === "server") {
      this.awaitFirstByte();
      return;
    }
    const intervalMs = this.#pace?.begin(undefined, now) ?? this.#config.liveness.intervalMs;
    if (intervalMs === false) return;
    this.intervalMs = intervalMs;
    this.monitor.setBeat(intervalMs, "always", now);
  }

  /** Server: what HELLO promised. */
  startFrameServer(nextMs: number): void {
    this.monitor.setVerify(true);
    this.#renewLease(nextMs);
  }

  /** Client: within what the interval may be; 0 where there are no beats. */
  get range(): { readonly intervalMsMin: number; readonly intervalMsMax: number } {
    const fixedMs = this.#config.liveness.intervalMs || 0;
    return this.#pace ?? { intervalMsMin: fixedMs, intervalMsMax: fixedMs };
  }

  /** Client: what HELLO announces. */
  promise(): number {
    this.#announcedMs = this.#pace?.intervalMs ?? (this.#config.liveness.intervalMs || 0);
    return this.#announcedMs;
  }

  /** Client: the server told its limits. */
  startFrameClient(welcome: Welcome, now: Instant): void {
    const wanted = this.#pace?.begin(welcome, now) ?? this.#config.liveness.intervalMs;
    if (wanted === false) return;
    this.#leaseMsMax = welcome.leaseMsMax;
    this.intervalMs = clientInterval(wanted, welcome, welcome.timeoutMs, true);
    // A longer gap than the one promised may be used only after a ping that announced it, so the
    // first one comes within the promised gap, at a random point.
    const promisedMs = Math.max(1, Math.min(this.#announcedMs, this.intervalMs));
    this.monitor.setBeat(promisedMs, "when-quiet", now);
    this.monitor.setBeat(this.intervalMs, "when-quiet", now);
  }

  /** Client: the server asks for fewer pings. */
  slowDown(intervalMs: number, now: Instant): void {
    const own = this.#config.liveness.intervalMs || 0;
    const wanted = Math.min(intervalMs, this.#leaseMsMax, own * SLOWER_AT_MOST);
    this.#pace?.slowDown(wanted);
    if (this.intervalMs === undefined || wanted <= this.intervalMs) return;
    this.intervalMs = wanted;
    // The ping that is due by the old interval announces the new one.
    this.monitor.setBeat(this.intervalMs, "when-quiet", now);
  }

  /** Our reading is paused: a side that pauses speaks instead, where the peer knows our pings. */
  pause(now: Instant): void {
    this.monitor.pause(now);
  }

  /** After a possible sleep of the machine: is the peer still there? */
  verifySoon(now: Instant): void {
    this.monitor.verifySoon(now);
  }

  /** Queues a ping of ours, unless one has not even left yet. */
  beat(now: Instant): void {
    if (this.#output.pingWaits) return;
    const speech = this.#output.speech as Speech;
    this.pingsOut += 1;
    if (this.#pace !== undefined) this.#setPace(this.#pace, now);
    this.#announcedMs = this.intervalMs ?? 0;
    const behindBytes = this.#output.behindBytes;
    this.#output.ping(speech.ping(this.pingsOut, this.#announcedMs));
    this.monitor.pinged(this.pingsOut, behindBytes, now);
  }

  /** A ping had to wait here and has left. Only the first unanswered one starts the clock. */
  pingLeft(now: Instant): void {
    if (this.monitor.outstanding?.seq === this.pingsOut) this.monitor.pingLeft(now);
  }

  /** Our ping was answered. A line pong has no number: it answers the last ping. */
  onPong(seq: number, nextMs: number, now: Instant): number | undefined {
    if (this.#config.role === "server" && nextMs > 0) this.#renewLease(nextMs);
    // Lines come in order, so a pong answers the first ping that is still unanswered.
    const isLine = this.#output.speech?.dialect === "line";
    const answers = isLine ? (this.monitor.outstanding?.seq ?? 0) : seq;
    const rttMs = this.monitor.answered(answers, now);
    if (rttMs === undefined) return undefined;
    this.#output.onPingAnswered();
    if (this.#pace !== undefined) {
      const wasLate = this.#stalls.lateMsSince((now - rttMs) as Instant, now) > 0;
      this.#pace.answered(rttMs, wasLate, now);
    }
    return rttMs;
  }

  /** The peer's ping: renews its lease, and is answered unless it comes too often. */
  onPing(seq: number, nextMs: number, now: Instant): PingAnswer {
    const speech = this.#output.speech as Speech;
    if (this.#config.role === "server" && speech.dialect === "frame") this.#renewLease(nextMs);
    if (this.#config.role === "client") return this.#answer(seq);
    switch (this.#rule(speech.dialect, now)) {
      case "answer":
        return this.#answer(seq);
      case "slow":
        this.#askToSlowDown(speech);
        return this.#answer(seq);
      case "coalesce":
        this.#coalescedSeq = seq;
        return "later";
      default:
        return "flood";
    }
  }

  /** A ping of the transport's own protocol: it costs as much as one of ours. */
  onNativePing(now: Instant): PingAnswer {
    if (this.#config.role === "client") return "answered";
    switch (this.#rule(this.#output.speech?.dialect ?? "line", now)) {
      case "answer":
      case "slow":
        return "answered";
      case "coalesce":
        return "later";
      default:
        return "flood";
    }
  }

  /** When the peer's last ping came; undefined when none did. */
  get pingedAt(): Instant | undefined {
    const at = this.#budget?.pingedAt ?? this.#pingedAt;
    return at === Number.NEGATIVE_INFINITY ? undefined : at;
  }

  /**
   * A server's: only when the last byte was heard, when the last ping came, and what that left of
   * the budget, is to be remembered.
   */
  isQuiet(now: Instant): boolean {
    if (this.#coalescedSeq !== undefined || this.#toldVerdict !== "alive") return false;
    if (this.pingsOut > 0 || this.#budget?.isCalm(now) === false) return false;
    return this.monitor.isQuiet;
  }

  /** What is left of the budget, once one was made. */
  get pingsLeft(): PingsLeft | undefined {
    return this.#budget?.left;
  }

  /** For a peer that has not spoken frames. */
  restorePing(pingedAt: Instant | undefined, left: PingsLeft | undefined): void {
    if (pingedAt === undefined) return;
    this.#pingedAt = pingedAt;
    if (left === undefined) return;
    this.#budget = new PingBudget(this.#config.liveness.pingIntervalMsMin, PING_BURST, "line");
    this.#budget.restore(left, pingedAt);
  }

  /** When a coalesced answer is due. */
  get coalescedDueAt(): Instant | undefined {
    return this.#coalescedSeq === undefined ? undefined : this.#budget?.coalescedDueAt;
  }

  /** Answers the last of the pings that came too often. */
  answerCoalesced(now: Instant): void {
    const dueAt = this.coalescedDueAt;
    if (dueAt === undefined || now < dueAt || this.#coalescedSeq === undefined) return;
    this.#answer(this.#coalescedSeq);
    this.#budget?.coalescedAnswered();
    this.#coalescedSeq = undefined;
  }

  /** Does what the monitor finds due. */
  run(effects: EffectQueue, now: Instant): void {
    const { monitor } = this;
    for (let due = monitor.poll(now); due !== undefined; due = monitor.poll(now)) {
      switch (due) {
        case "beat":
        case "verify":
          this.beat(now);
          if (!this.#config.liveness.answersExpected) effects.push(this.#unansweredBeat());
          break;
        case "measure":
          effects.push({ do: "measure" });
          break;
        case "expired":
          effects.push({ do: "judge" });
          break;
        case "alive":
        case "slow":
        case "suspect":
          this.tellVerdict(effects);
          break;
        default:
          due satisfies never;
      }
    }
  }

  /** Tells a change of verdict, once. */
  tellVerdict(effects: EffectQueue): void {
    const { verdict } = this.monitor;
    const was = this.#toldVerdict;
    if (verdict === was) return;
    this.#toldVerdict = verdict;
    effects.push({ do: "verdict", verdict, was });
  }

  deadline(): Instant | undefined {
    return earliestOf(this.monitor.deadline(), this.coalescedDueAt);
  }

  /** The ping that is about to go out announces what the pace wants to hold after it. */
  #setPace(pace: Pace, now: Instant): void {
    const { heardAt, spokeAt } = this.monitor;
    const style = this.#output.speech?.dialect === "line" ? "always" : "when-quiet";
    this.intervalMs = pace.pinged(this.pingsOut, elapsedMs(latest(heardAt, spokeAt), now), now);
    this.monitor.setBeat(this.intervalMs, style, now);
  }

  /** Where answers never come, a beat is told when it leaves. */
  #unansweredBeat(): Effect {
    return { do: "beat", of: "ours", seq: this.pingsOut, rttMs: undefined, nextMs: 0 };
  }

  #answer(seq: number): "answered" {
    const promiseMs = this.#config.role === "client" ? this.#announcedMs : 0;
    const pong = this.#output.speech?.pong(seq, promiseMs);
    if (pong !== undefined) this.#output.pong(pong);
    return "answered";
  }

  /**
   * As long as each ping comes a whole interval after the one before, each finds the budget full,
   * and nothing has to be remembered but when the last one came. The first that comes sooner makes
   * the budget, and the one before it is counted first: so the budget is what it would be if it had
   * been there all along, and being late gives nobody a single ping of grace.
   */
  #rule(dialect: Dialect, now: Instant): PingRuling {
    if (this.#budget !== undefined) return this.#budget.ping(now);
    const { pingIntervalMsMin } = this.#config.liveness;
    const before = this.#pingedAt;
    this.#pingedAt = now;
    if (pingIntervalMsMin === false || now - before >= pingIntervalMsMin) return "answer";
    this.#budget = new PingBudget(pingIntervalMsMin, PING_BURST, dialect);
    this.#budget.ping(before);
    return this.#budget.ping(now);
  }

  #askToSlowDown(speech: Speech): void {
    const { pingIntervalMsMin } = this.#config.liveness;
    if (pingIntervalMsMin === false) return;
    const slow = speech.control({ kind: "slow", intervalMs: pingIntervalMsMin });
    if (slow !== undefined) this.#output.say(slow);
  }

  #renewLease(nextMs: number): void {
    const leaseMs = leaseFor(nextMs, this.#config.liveness);
    if (leaseMs === this.leaseMs) return;
    this.leaseMs = leaseMs;
    this.monitor.setAllowance(leaseMs + graceMs(leaseMs));
  }
}
