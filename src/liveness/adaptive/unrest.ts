/**
 * Notices that a network is unsettled: answers that come late or swing, drops that follow each
 * other. Then shorter intervals find the next death sooner, and keep what is left of the path warm.
 *
 * Easy to break: only what tells of the network counts. A measurement that our own lateness spoilt
 * says nothing, and each sign is forgotten after a few good answers, or a bad minute would cost a
 * day of short intervals.
 */
import { elapsedMs, type Instant } from "../../base/time.ts";
import { RttEstimator } from "../rtt-estimator.ts";

/** An answer after three probe timeouts is late; below a second none is, on any path. */
const LATE_PTOS = 3;
const LATE_MS_MIN = 1_000;
/** The swing of round trips against their mean, and the least that matters at all. */
const SWING_SHARE = 0.5;
const SWING_MS_MIN = 100;
const SWING_SAMPLES_MIN = 8;
/** So many drops within so long are no accident any more. */
const DROPS_COUNT = 3;
const DROPS_WITHIN_MS = 600_000;
const CALM_AFTER_ANSWERS = 2;
const LEVEL_MAX = 3;

export class Unrest {
  readonly #rtt = new RttEstimator();
  #samples = 0;
  #droppedAt: Instant[] = [];
  /** How often the interval is halved: a step for each late answer. */
  #level = 0;
  #isShaken = false;
  #goodAnswers = 0;

  /** What remains of an interval: 1 on a calm path, 0 where the shortest is advised. */
  get share(): number {
    if (this.#isShaken) return 0;
    const share = 1 / 2 ** this.#level;
    return this.#isSwinging() ? Math.min(0.5, share) : share;
  }

  /** An answer came, measured without lateness of our own. */
  answered(rttMs: number): void {
    const lateMs = Math.max(LATE_MS_MIN, LATE_PTOS * this.#rtt.ptoMs());
    const isLate = this.#samples > 0 && rttMs > lateMs;
    this.#rtt.sample(rttMs);
    this.#samples++;
    if (isLate) {
      this.#level = Math.min(LEVEL_MAX, this.#level + 1);
      this.#goodAnswers = 0;
      return;
    }
    this.#goodAnswers++;
    if (this.#goodAnswers < CALM_AFTER_ANSWERS) return;
    this.#level = 0;
    if (this.#isShaken) this.#droppedAt = [];
    this.#isShaken = false;
  }

  /** A connection was lost, and neither we nor the server wanted it. */
  dropped(now: Instant): void {
    this.#goodAnswers = 0;
    this.#droppedAt = this.#droppedAt.filter((at) => elapsedMs(at, now) < DROPS_WITHIN_MS);
    this.#droppedAt.push(now);
    if (this.#droppedAt.length < DROPS_COUNT) return;
    this.#isShaken = true;
    this.#droppedAt = this.#droppedAt.slice(-DROPS_COUNT);
  }

  #isSwinging(): boolean {
    const { srttMs, rttvarMs } = this.#rtt;
    if (srttMs === undefined || rttvarMs === undefined) return false;
    if (this.#samples < SWING_SAMPLES_MIN || rttvarMs < SWING_MS_MIN) return false;
    return rttvarMs > SWING_SHARE * srttMs;
  }
}
