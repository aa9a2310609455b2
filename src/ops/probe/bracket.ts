/**
 * Between which two idle times the path forgets, and how sure that is. Pure.
 *
 * Samples may contradict each other: a lost packet looks like a death, and a middlebox that is full
 * forgets early. The bracket is the one that contradicts the fewest samples, the shorter of two
 * that are equally good, since an interval that is too short costs little; and whatever contradicts
 * it is listed, never dropped.
 */
import { isAlive, isDeath, isSeen, type Sample } from "./sample.ts";

export type Confidence = "certain" | "likely" | "unsure";

export interface Bracket {
  /** The longest silence after which the path was still open; undefined when none was. */
  readonly survivedMs: number | undefined;
  /** The shortest silence that killed; undefined when none did. */
  readonly diedMs: number | undefined;
  /** The death was seen when it happened: the two are the same. */
  readonly isExact: boolean;
  /** How many connections died at `diedMs` or later. */
  readonly deathCount: number;
  readonly confidence: Confidence;
  readonly contradictions: readonly Sample[];
}

/** So many deaths beyond the last survivor, and longer silences need not be waited for. */
const CONFIRMATIONS = 3;
/** A contradiction asks for so many deaths more. */
const CONFIRMATIONS_MORE = 2;
/** Two ends measure the same silence a little differently, and timers of the middle are coarse. */
const BLUR_MS = 250;
/** A share of contradictions above this is no accident. */
const CONTRADICTION_RATIO_MAX = 0.1;

export function bracketOf(samples: readonly Sample[]): Bracket {
  const alive = samples.filter(isAlive).toSorted((a, b) => a.idleMs - b.idleMs);
  const dead = samples.filter(isDeath).toSorted((a, b) => a.idleMs - b.idleMs);
  const lastMs = bestBoundary(alive, dead);
  const first = dead.find(({ idleMs }) => idleMs > lastMs);
  const firstMs = first?.idleMs ?? Number.POSITIVE_INFINITY;
  const contradictions = [
    ...alive.filter(({ idleMs }) => idleMs > Math.max(lastMs, firstMs + BLUR_MS)),
    ...dead.filter(({ idleMs }) => idleMs <= lastMs - BLUR_MS),
  ];
  const deathCount = dead.filter(({ idleMs }) => idleMs > lastMs).length;
  // Where the end was seen, the path was open until then.
  const isExact = first !== undefined && isSeen(first);
  const survivedMs = isExact ? first.idleMs : lastMs >= 0 ? lastMs : undefined;
  const count = alive.length + dead.length;
  return {
    survivedMs,
    diedMs: first?.idleMs,
    isExact,
    deathCount,
    confidence: confidenceOf(count, deathCount, contradictions.length),
    contradictions,
  };
}

/** Longer silences would teach nothing more. */
export function isSettled({ diedMs, deathCount, contradictions }: Bracket): boolean {
  const wanted = CONFIRMATIONS + CONFIRMATIONS_MORE * contradictions.length;
  return diedMs !== undefined && deathCount >= wanted;
}

/** The last idle time on the living side; -1 where even the shortest killed. */
function bestBoundary(alive: readonly Sample[], dead: readonly Sample[]): number {
  let best = { ms: -1, faults: alive.length };
  let deadBelow = 0;
  for (const [at, { idleMs }] of alive.entries()) {
    while ((dead[deadBelow]?.idleMs ?? Number.POSITIVE_INFINITY) <= idleMs) deadBelow += 1;
    const faults = deadBelow + (alive.length - at - 1);
    if (faults < best.faults) best = { ms: idleMs, faults };
  }
  return best.ms;
}

function confidenceOf(count: number, deaths: number, faults: number): Confidence {
  if (count === 0 || faults > count * CONTRADICTION_RATIO_MAX) return "unsure";
  if (faults > 0 || (deaths > 0 && deaths < CONFIRMATIONS)) return "likely";
  return "certain";
}
