/**
 * The search for the longest gap that a path survives, and the gap to use meanwhile.
 *
 * Two bounds: `survivedMs`, proven by a beat that was answered, and `broken`, the shortest gap that
 * is believed to break. Up the ladder while nothing broke; then in uneven steps between the two;
 * then hold. A step upward asks for an eighth of the bracket and not for its middle, since a gap
 * that breaks costs a connection and one that survives costs next to nothing.
 *
 * Success is proof and counts at once. Failure is evidence: a certain or strong one moves the
 * bound, a weak one puts the gap in doubt, which shortens the interval a little until a second
 * look. What breaks although it has long held is met with more doubt: only what is certain moves
 * the bound then. In any case the way back up begins far below, so that a path that changed shows
 * early.
 *
 * Easy to break: boxes sweep, so just above its timeout a path survives now and then. A gap that
 * survived once is therefore no promise, and a hold that breaks goes down in small steps.
 */
import { type Random, uniform } from "../../base/random.ts";
import { elapsedMs, type Instant, later } from "../../base/time.ts";
import type { EvidenceStrength } from "./failure-class.ts";
import { rungAbove } from "./ladder.ts";
import { OutageRate } from "./outage-rate.ts";

/** A gap that broke, and when it is to be tried again. */
export interface BrokenGap {
  readonly gapMs: number;
  readonly recheckAt: Instant;
  readonly delayMs: number;
}

interface PastDoubt {
  readonly gapMs: number;
  readonly delayMs: number;
  readonly survivals: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** After strong evidence: a day, then twice as long each time, at most a week. */
const RECHECK_MS_AFTER_STRONG = DAY_MS;
const RECHECK_MS_MAX = 7 * DAY_MS;
/** So many beats make one lost connection a small matter: more patience would only cost beats. */
const RECHECK_GAPS_MAX = 1_100;
/** After weak evidence the old gap is tried again soon: most weak evidence is an outage. */
const RECHECK_MS_AFTER_WEAK = 30 * MINUTE_MS;
/** After weak evidence for what was to be expected: just below a gap that breaks. */
const RECHECK_MS_AFTER_LIKELY = 12 * 60 * MINUTE_MS;
/** Clear of the sweep of most boxes, so that passing it means that the path has changed. */
const RECHECK_FACTOR = 1.12;
/** How far below a gap that broke is held. */
const BELOW_BROKEN = 0.965;
/** A gap at least this near to another is a trial of it. */
const SAME_GAP = 0.99;
const NEAR_GAP = 0.9;
/** Which part of the bracket the next step asks for. */
const STEP_SHARE = 0.12;
/** A bracket wider than this is climbed by rungs. */
const RUNGS_ABOVE_RATIO = 1.6;
/** A bracket is narrow enough where boxes sweep anyway, and where finer would not pay. */
const NARROW_SHARE = 0.04;
const COST_OF_BREAK_BEATS = 5.5;
const HORIZON_MS = 3.5 * DAY_MS;
/** So many times the span of a belief, doubts about one gap make each other's delays longer. */
const DOUBT_MEMORY = 8;
/** Whether the path has changed is found out from below: a break there says much, and early. */
const CLIMB_FROM_DIVISOR = 8;
const CLIMB_FACTOR = 2;
/** With the jitter of beats, this much of the ceiling is the ceiling. */
const CEILING_SHARE = 0.93;

export class IntervalSearch {
  readonly #random: Random;
  #minMs: number;
  #maxMs: number;
  #survivedMs: number;
  #broken: BrokenGap | undefined;
  #doubt: BrokenGap | undefined;
  #outages = new OutageRate();
  /** Survivals near the gap in use, and how many there were when a belief moved. */
  #survivals = 0;
  #survivalsAtMove = 0;
  #lastDoubt: PastDoubt | undefined;
  /** After a break while holding: the way back up, twice as far with each survival. */
  #climbMs: number | undefined;
  /** A failure that no survival of about the same gap has answered yet. */
  #episode: { readonly gapMs: number; survivedMs: number } | undefined;

  /** `random` spreads the second looks. */
  constructor(minMs: number, maxMs: number, random: Random) {
    this.#random = random;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#survivedMs = minMs;
  }

  get survivedMs(): number {
    return this.#survivedMs;
  }

  get broken(): BrokenGap | undefined {
    return this.#broken;
  }

  get doubt(): BrokenGap | undefined {
    return this.#doubt;
  }

  limit(minMs: number, maxMs: number): void {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** When the gap that broke is to be tried again; a later call wins. */
  recheckAt(at: Instant): void {
    if (this.#broken !== undefined) this.#broken = { ...this.#broken, recheckAt: at };
  }

  /** Another network: all that is known of it. */
  restore(survivedMs: number, broken: BrokenGap | undefined): void {
    this.#survivedMs = survivedMs;
    this.#broken = broken;
    this.#doubt = undefined;
    this.#lastDoubt = undefined;
    this.#episode = undefined;
    this.#climbMs = undefined;
    this.#outages = new OutageRate();
    this.#survivals = 0;
    this.#survivalsAtMove = 0;
  }

  /** The gap for a connection that begins: proven, never a trial. */
  steadyMs(): number {
    const heldMs = this.#held(this.#survivedMs, this.#broken, this.#doubt);
    return this.#within(Math.min(heldMs, this.#climbMs ?? heldMs));
  }

  /** The gap to announce with a ping, as if the idle time before that ping will be survived. */
  nextMs(idleMs: number, now: Instant): number {
    const climbMs = this.#climbAfter(idleMs);
    if (climbMs !== undefined) return this.#within(climbMs);
    const survivedMs = Math.max(this.#survivedMs, idleMs);
    const broken = outlived(this.#broken, idleMs) ? undefined : this.#broken;
    const doubt = isSettledBy(this.#doubt, idleMs) ? undefined : this.#doubt;
    if (doubt !== undefined && now >= doubt.recheckAt) return this.#within(doubt.gapMs);
    if (broken !== undefined && doubt === undefined && now >= broken.recheckAt) {
      return this.#within(RECHECK_FACTOR * broken.gapMs);
    }
    const upperMs = Math.min(broken?.gapMs ?? Infinity, doubt?.gapMs ?? Infinity);
    if (upperMs > this.#maxMs && survivedMs >= CEILING_SHARE * this.#maxMs) return this.#maxMs;
    if (upperMs === Infinity) return this.#within(rungAbove(survivedMs));
    if (upperMs > RUNGS_ABOVE_RATIO * survivedMs) {
      const rungMs = rungAbove(survivedMs);
      if (rungMs < NEAR_GAP * upperMs) return this.#within(rungMs);
    }
    if (upperMs - survivedMs > narrowMs(survivedMs)) {
      return this.#within(survivedMs + STEP_SHARE * (upperMs - survivedMs));
    }
    return this.#held(survivedMs, broken, doubt);
  }

  survived(idleMs: number): void {
    this.#climbMs = this.#climbAfter(idleMs);
    if (outlived(this.#broken, idleMs)) this.#broken = undefined;
    if (isSettledBy(this.#doubt, idleMs)) this.#doubt = undefined;
    if (this.#episode !== undefined) {
      this.#episode.survivedMs = Math.max(this.#episode.survivedMs, idleMs);
      if (idleMs >= NEAR_GAP * this.#episode.gapMs) this.#episode = undefined;
    }
    if (idleMs >= NEAR_GAP * this.steadyMs()) this.#survivals++;
    this.#outages.survived();
    this.#survivedMs = Math.max(this.#survivedMs, idleMs);
  }

  /** A failure that had another cause: the more of these, the less a weak one says. */
  failedOtherwise(): void {
    this.#outages.failed();
  }

  broke(gapMs: number, strength: EvidenceStrength, now: Instant): void {
    // Shorter than the shortest beat: nothing could be done about it, and no box is so forgetful.
    if (gapMs < NEAR_GAP * this.#minMs) return;
    if (this.#broken !== undefined && gapMs >= this.#broken.gapMs) this.#postpone(now);
    else if (gapMs > this.#survivedMs) this.#brokeInTrial(gapMs, strength, now);
    else this.#brokeInHold(gapMs, strength, now);
  }

  #brokeInTrial(gapMs: number, strength: EvidenceStrength, now: Instant): void {
    // It breaks below the wall, too: so much for the hope that there is none.
    const broken = this.#broken;
    if (broken !== undefined && broken.delayMs < DAY_MS) this.#recheckWithin(DAY_MS, now);
    const doubt = this.#doubt;
    const wallMs = doubt?.gapMs ?? this.#broken?.gapMs ?? Infinity;
    const isBracketed = wallMs < RUNGS_ABOVE_RATIO * gapMs;
    const leastMs = isBracketed ? RECHECK_MS_AFTER_LIKELY : RECHECK_MS_AFTER_WEAK;
    if (strength !== "weak") this.#believe(gapMs, now);
    else if (doubt === undefined) this.#doubtAbout(gapMs, leastMs, now);
    else if (gapMs >= SAME_GAP * doubt.gapMs) this.#believe(doubt.gapMs, now);
    else {
      // What breaks at less breaks at more: the doubt is confirmed, and there is a new one.
      this.#believe(doubt.gapMs, now);
      this.#doubtAbout(gapMs, leastMs, now);
    }
  }

  #brokeInHold(gapMs: number, strength: EvidenceStrength, now: Instant): void {
    const episode = this.#episode;
    this.#episode ??= { gapMs, survivedMs: 0 };
    this.#climbMs = episode === undefined ? gapMs / CLIMB_FROM_DIVISOR : undefined;
    const isContradiction = gapMs < NEAR_GAP * this.#survivedMs;
    const credibleCount = this.#outages.credibleCount;
    const isTrusted = this.#survivals - this.#survivalsAtMove >= credibleCount / 2;
    const isPathChanged = strength === "certain" && (isTrusted || isContradiction);
    if (episode !== undefined || isPathChanged) {
      this.#believe(Math.min(gapMs, episode?.gapMs ?? gapMs), now);
      // Two failures of the network in a row look the same: then the path is soon found well.
      if (strength !== "certain") this.#recheckWithin(this.#weakDelayMs(), now);
      this.#survivedMs = Math.min(BELOW_BROKEN * gapMs, episode?.survivedMs ?? 0);
      this.#episode = undefined;
    } else if (isContradiction) return;
    else if (strength === "certain" || (strength === "strong" && !isTrusted)) {
      this.#believe(gapMs, now);
    } else {
      const last = this.#lastDoubt;
      const isSoonAgain =
        last !== undefined &&
        gapMs >= NEAR_GAP * last.gapMs &&
        this.#survivals - last.survivals < credibleCount;
      if (isSoonAgain) this.#believe(Math.max(gapMs, last.gapMs), now);
      this.#doubtAbout(gapMs, isTrusted ? RECHECK_MS_AFTER_WEAK : RECHECK_MS_AFTER_LIKELY, now);
      this.#survivedMs = Math.min(this.#survivedMs, BELOW_BROKEN * gapMs);
    }
  }

  #believe(gapMs: number, now: Instant): void {
    const before = this.#broken;
    const delayMs = before?.delayMs ?? RECHECK_MS_AFTER_STRONG;
    // A date that has passed was kept by this very break: it is not tried again at once.
    const isPending = before !== undefined && before.recheckAt > now;
    const recheckAt = isPending ? before.recheckAt : later(now, delayMs);
    this.#broken = { gapMs, recheckAt, delayMs };
    this.#survivedMs = Math.min(this.#survivedMs, BELOW_BROKEN * gapMs);
    this.#doubt = undefined;
    this.#survivalsAtMove = this.#survivals;
  }

  #recheckWithin(delayMs: number, now: Instant): void {
    const gapMs = this.#broken?.gapMs;
    if (gapMs !== undefined) this.#broken = { gapMs, delayMs, recheckAt: later(now, delayMs) };
  }

  #weakDelayMs(): number {
    return uniform(this.#random, RECHECK_MS_AFTER_WEAK, 2 * RECHECK_MS_AFTER_WEAK);
  }

  #doubtAbout(gapMs: number, leastMs: number, now: Instant): void {
    const last = this.#lastDoubt;
    const isAgain =
      last !== undefined &&
      gapMs >= NEAR_GAP * last.gapMs &&
      this.#survivals - last.survivals < DOUBT_MEMORY * this.#outages.credibleCount;
    const meanMs = isAgain ? Math.min(DAY_MS, Math.max(leastMs, 2 * last.delayMs)) : leastMs;
    this.#lastDoubt = { gapMs, delayMs: meanMs, survivals: this.#survivals };
    const delayMs = uniform(this.#random, meanMs, 2 * meanMs);
    this.#doubt = { gapMs, recheckAt: later(now, delayMs), delayMs };
  }

  #climbAfter(idleMs: number): number | undefined {
    const climbMs = this.#climbMs;
    if (climbMs === undefined || idleMs < NEAR_GAP * this.#within(climbMs)) return climbMs;
    const nextMs = CLIMB_FACTOR * this.#within(climbMs);
    return nextMs < this.#held(this.#survivedMs, this.#broken, this.#doubt) ? nextMs : undefined;
  }

  /** The wall still stands: look again after twice the time. */
  #postpone(now: Instant): void {
    const broken = this.#broken;
    if (broken === undefined || elapsedMs(broken.recheckAt, now) < 0) return;
    const longestMs = Math.min(RECHECK_MS_MAX, RECHECK_GAPS_MAX * broken.gapMs);
    const delayMs = Math.max(broken.delayMs, Math.min(longestMs, 2 * broken.delayMs), DAY_MS);
    this.#broken = { gapMs: broken.gapMs, delayMs, recheckAt: later(now, delayMs) };
  }

  #held(survivedMs: number, broken: BrokenGap | undefined, doubt: BrokenGap | undefined): number {
    const upperMs = Math.min(broken?.gapMs ?? Infinity, doubt?.gapMs ?? Infinity);
    return this.#within(Math.min(survivedMs, BELOW_BROKEN * upperMs));
  }

  #within(ms: number): number {
    return Math.max(this.#minMs, Math.min(this.#maxMs, ms));
  }
}

function outlived(broken: BrokenGap | undefined, idleMs: number): boolean {
  return broken !== undefined && idleMs > broken.gapMs;
}

function isSettledBy(doubt: BrokenGap | undefined, idleMs: number): boolean {
  return doubt !== undefined && idleMs >= SAME_GAP * doubt.gapMs;
}

/** Halving the shortfall again must save more beats within the horizon than half a break costs. */
function narrowMs(survivedMs: number): number {
  const worthwhileMs = (2 * COST_OF_BREAK_BEATS * survivedMs * survivedMs) / HORIZON_MS;
  return Math.max(NARROW_SHARE * survivedMs, worthwhileMs);
}
