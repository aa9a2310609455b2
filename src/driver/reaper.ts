/**
 * Turns verdicts into ends.
 *
 * All connections of one owner share one timer. Those for which everything speaks for death are
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
import { MASS_EXPIRY_CONFIG, MassExpiry } from "../liveness/mass-expiry.ts";
import { RttEstimator } from "../liveness/rtt-estimator.ts";
import { type Stall, StallLog } from "../liveness/stall-log.ts";
import { Alarms, type AlarmsHandlers } from "./alarms.ts";

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

/** One of them, for whose death everything speaks. */
export interface Judged {
  /** Its verdict was held back once already, and nothing was heard since. */
  readonly wasHeld: boolean;
  /** Whether its peer can be asked a second time. */
  readonly canBeAsked: boolean;
  condemn(): void;
  hold(delayMs: number): void;
}

/** What the reaper counts. */
export interface ReaperCounters {
  stalls: number;
  massExpiries: number;
}

/** A stall is known from its first second on, for one wakeup a second while anybody is here. */
const WATCH_MS = 1_000;

export class Reaper implements AlarmsHandlers {
  readonly alarms: Alarms;
  readonly stalls: StallLog;
  readonly #flock: Flock;
  readonly #counters: ReaperCounters;
  readonly #observe: Observe;
  readonly #massExpiry: MassExpiry;
  readonly #answerWithinMs: number;
  #batch: Judged[] = [];

  constructor(
    config: ReaperConfig,
    surroundings: { readonly clock: Clock; readonly random: Random; readonly observe: Observe },
    flock: Flock,
    counters: ReaperCounters,
  ) {
    const alarms = { ...config, watchMs: WATCH_MS };
    const { stallToleranceMs } = config;
    this.#observe = surroundings.observe;
    this.#flock = flock;
    this.#counters = counters;
    this.#massExpiry = new MassExpiry(MASS_EXPIRY_CONFIG, surroundings.random);
    // Without a sample it says how long an answer is waited for at the least.
    this.#answerWithinMs = new RttEstimator().answerWithinMs(config.answerWithinMs);
    this.stalls = new StallLog({ stallToleranceMs });
    this.alarms = new Alarms(alarms, surroundings.clock, this.stalls, this);
  }

  /** Everything speaks for the death of this connection. */
  judge(judged: Judged): void {
    // Whoever was held once was given its second look; it is not counted again, either.
    if (judged.wasHeld) judged.condemn();
    else this.#batch.push(judged);
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
      for (const judged of batch) judged.condemn();
      return;
    }
    this.#counters.massExpiries += 1;
    this.#observe({ what: "mass-expiry", held: batch.length, live });
    for (const judged of batch) judged.hold(this.#holdMs(judged));
  }

  /** Who can be asked is asked once more, at a moment of its own; who cannot gets more time. */
  #holdMs(judged: Judged): number {
    if (!judged.canBeAsked) return this.#answerWithinMs;
    return this.#massExpiry.holdDelayMs(this.#answerWithinMs);
  }
}
