/**
 * One of the places for a worker, and when the next one is started after a death.
 *
 * Whoever had lived gets a successor at once; one that dies again before it proved stable waits,
 * longer each time and with jitter, as a link does that dials a server which accepts and drops.
 */
import type { Cancel, Clock } from "../base/time.ts";
import { elapsedMs, later } from "../base/time.ts";
import type { Random } from "../base/random.ts";
import { type RedialConfig, type RedialDecision, RedialPolicy } from "../redial/redial-policy.ts";
import type { WorkerProcess } from "./worker-process.ts";

const RESTARTS: RedialConfig = {
  attemptsMax: false,
  giveUpAfterMs: false,
  baseMs: 1_000,
  factor: 2,
  capMs: 30_000,
  attemptTimeoutMs: 30_000,
  stableAfterMs: 10_000,
};

/** A crash that comes soon after a start is news once; the second time it is a loop. */
const AT_ONCE_MAX = 2;

export class Slot {
  current: WorkerProcess | undefined;
  /** The one that is to replace it, while that is not up yet. */
  next: WorkerProcess | undefined;
  readonly #clock: Clock;
  readonly #policy: RedialPolicy;
  #cancelWait: Cancel | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#policy = new RedialPolicy(RESTARTS, random);
  }

  /** A process is about to be started because there is none. */
  onStart(): void {
    this.#policy.onAttempt(this.#clock.now());
  }

  onUp(process: WorkerProcess): void {
    this.current = process;
    if (this.#policy.phase === "dialling") this.#policy.onOnline(this.#clock.now());
  }

  /** How long to wait after the end of one that was up. */
  afterDeathMs(process: WorkerProcess): number {
    const now = this.#clock.now();
    const livedMs = elapsedMs(process.upAt ?? now, now);
    const end = { code: "TRANSPORT_FAILED", livedMs, isolated: true } as const;
    const decision = this.#policy.onEnded(end, now);
    return decision.do !== "give-up" && decision.attempt <= AT_ONCE_MAX ? 0 : delayOf(decision);
  }

  /** How long to wait after one that did not come up. */
  afterFailureMs(): number {
    return delayOf(this.#policy.onFailed("DIAL_FAILED", this.#clock.now()));
  }

  wait(delayMs: number, run: () => void): void {
    this.#cancelWait?.();
    this.#cancelWait = this.#clock.wakeAt(later(this.#clock.now(), delayMs), run);
  }

  close(): void {
    this.#cancelWait?.();
  }
}

/** There is no budget, so it never gives up. */
function delayOf(decision: RedialDecision): number {
  return decision.do === "give-up" ? RESTARTS.capMs : decision.delayMs;
}
