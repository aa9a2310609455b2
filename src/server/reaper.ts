/**
 * Turns verdicts into ends.
 *
 * All connections of a server share one timer. Those for which everything speaks for death are
 * collected while a pass runs and judged together at its end: when very many expire at once, the
 * fault is more likely ours, or the network's, and they are asked once more instead.
 *
 * What is easy to break: a connection asks to be judged in its alarm only, so nothing can have been
 * heard of it before the pass ends; and one that was held once must be condemned, since it cannot
 * be held again and would wait for ever.
 */
import type { Observe } from "../base/observation.ts";
import type { Random } from "../base/random.ts";
import type { Clock, Instant } from "../base/time.ts";
import { Alarms, type AlarmsHandlers } from "../driver/alarms.ts";
import type { Driven } from "../driver/driven.ts";
import { MASS_EXPIRY_CONFIG, MassExpiry } from "../liveness/mass-expiry.ts";
import { RttEstimator } from "../liveness/rtt-estimator.ts";
import { type Stall, StallLog } from "../liveness/stall-log.ts";
import type { ServerCounters } from "./server-stats.ts";

export interface ReaperConfig {
  readonly tickMs: number;
  readonly stallToleranceMs: number;
  readonly answerWithinMs: number | false;
}

/** Whom the reaper watches over. */
export interface Flock {
  readonly size: number;
  /** Asks every open connection to make sure of its peer soon. */
  verifyAll(): void;
}

/** A stall is known from its first second on, for one wakeup a second while anybody is here. */
const WATCH_MS = 1_000;

export class Reaper implements AlarmsHandlers {
  readonly alarms: Alarms;
  readonly stalls: StallLog;
  readonly #clock: Clock;
  readonly #flock: Flock;
  readonly #counters: ServerCounters;
  readonly #observe: Observe;
  readonly #massExpiry: MassExpiry;
  readonly #answerWithinMs: number;
  #batch: Driven[] = [];

  constructor(
    config: ReaperConfig,
    surroundings: { readonly clock: Clock; readonly random: Random; readonly observe: Observe },
    flock: Flock,
    counters: ServerCounters,
  ) {
    const alarms = { ...config, watchMs: WATCH_MS };
    const { stallToleranceMs } = config;
    this.#clock = surroundings.clock;
    this.#observe = surroundings.observe;
    this.#flock = flock;
    this.#counters = counters;
    this.#massExpiry = new MassExpiry(MASS_EXPIRY_CONFIG, surroundings.random);
    // Without a sample it says how long an answer is waited for at the least.
    this.#answerWithinMs = new RttEstimator().answerWithinMs(config.answerWithinMs);
    this.stalls = new StallLog({ stallToleranceMs });
    this.alarms = new Alarms(alarms, this.#clock, this.stalls, this);
  }

  /** Everything speaks for the death of this connection. */
  judge(driven: Driven): void {
    // Whoever was held once was given its second look; it is not counted again, either.
    if (driven.connection.evidence(this.#clock.now()).heldForMassExpiry) {
      driven.condemn();
      return;
    }
    this.#batch.push(driven);
  }

  onStall(stall: Stall, _now: Instant): void {
    this.#counters.stalls += 1;
    const { lateMs, suspended } = stall;
    this.#observe({ what: "stall", lateMs, suspended });
    if (suspended) this.#flock.verifyAll();
  }

  onPassEnd(now: Instant): void {
    this.#judgeBatch(now);
  }

  /** Forgets every timer. */
  close(): void {
    this.alarms.close();
  }

  #judgeBatch(now: Instant): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    const live = this.#flock.size;
    const verdict = this.#massExpiry.judge(batch.length, live, this.#answerWithinMs, now);
    if (verdict === "dead") {
      for (const driven of batch) driven.condemn();
      return;
    }
    this.#counters.massExpiries += 1;
    this.#observe({ what: "mass-expiry", held: batch.length, live });
    for (const driven of batch) driven.hold(this.#holdMs(driven));
  }

  /** A frame peer is asked once more, at a moment of its own; a line peer cannot be asked. */
  #holdMs(driven: Driven): number {
    if (driven.connection.dialect !== "frame") return this.#answerWithinMs;
    return this.#massExpiry.holdDelayMs(this.#answerWithinMs);
  }
}
