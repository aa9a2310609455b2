/**
 * What the samples of a probe add up to: how the middle kills, whether keepalive helps, and whether
 * it was the middle at all. Pure.
 */
import type { EffectiveKernelOptions } from "../../transports/transport.ts";
import type { Bracket } from "./bracket.ts";
import { isAlive, isDeath, isSeen, type Outcome, type Sample } from "./sample.ts";

/** How connections die that were silent for too long. */
export interface DeathFinding {
  /** What most of them did. */
  readonly how: Outcome;
  readonly count: number;
  /** From the ping to the reset or FIN; for a silent death how long was waited at least. */
  readonly afterMsMin: number | undefined;
  readonly afterMsMax: number | undefined;
  /** How many died in another way. */
  readonly otherCount: number;
}

export interface KeepaliveFinding {
  readonly verdict: "keeps open" | "does not keep open" | "contradictory" | "not learnt";
  /** How long the kept ones had been silent when they were asked, or when they died. */
  readonly idleMs: number | undefined;
  readonly survivedCount: number;
  readonly diedCount: number;
  /** What the kernel had in force, as far as that is known. */
  readonly kernel: EffectiveKernelOptions | undefined;
}

export interface RttFinding {
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
  readonly count: number;
}

export function deathOf(samples: readonly Sample[], bracket: Bracket): DeathFinding | undefined {
  const { diedMs } = bracket;
  if (diedMs === undefined) return undefined;
  const dead = samples.filter((one) => isDeath(one) && one.idleMs >= diedMs);
  const counts = new Map<Outcome, number>();
  for (const { outcome } of dead) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const [first] = [...counts].toSorted((a, b) => b[1] - a[1]);
  if (first === undefined) return undefined;
  const [how, count] = first;
  const waits = dead
    .filter(({ outcome }) => outcome === how)
    .flatMap(({ afterMs }) => afterMs ?? []);
  return {
    how,
    count,
    // The longest watch is what "silent" rests on; of the others both ends are told.
    afterMsMin: waits.length === 0 ? undefined : Math.min(...waits),
    afterMsMax: waits.length === 0 ? undefined : Math.max(...waits),
    otherCount: dead.length - count,
  };
}

export function keepaliveOf(
  samples: readonly Sample[],
  bracket: Bracket,
  kernel: EffectiveKernelOptions | undefined,
): KeepaliveFinding {
  const alive = samples.filter(isAlive);
  const dead = samples.filter(isDeath);
  const ages = [...alive, ...dead].map(({ idleMs }) => idleMs);
  const isInForce = kernel !== undefined && kernel.keepaliveIdleMs.value !== false;
  const common = {
    idleMs: ages.length === 0 ? undefined : Math.min(...ages),
    survivedCount: alive.length,
    diedCount: dead.length,
    kernel,
  };
  if (bracket.diedMs === undefined || ages.length === 0 || !isInForce) {
    return { verdict: "not learnt", ...common };
  }
  if (dead.length === 0) return { verdict: "keeps open", ...common };
  return { verdict: alive.length === 0 ? "does not keep open" : "contradictory", ...common };
}

export function rttOf(samplesMs: readonly number[]): RttFinding | undefined {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const [minMs] = sorted;
  const medianMs = sorted[Math.floor(sorted.length / 2)];
  const maxMs = sorted.at(-1);
  if (minMs === undefined || medianMs === undefined || maxMs === undefined) return undefined;
  return { minMs, medianMs, maxMs, count: sorted.length };
}

/**
 * Deaths at one moment, of connections of different ages: perhaps something else than silence
 * killed them, such as a restart. An idle timeout kills at one age, at different moments.
 */
export function diedTogether(samples: readonly Sample[]): boolean {
  const seen = samples.filter(isSeen);
  if (seen.length < 3) return false;
  const moments = seen.map(({ atMs }) => atMs);
  const ages = seen.map(({ idleMs }) => idleMs);
  return spread(moments) < spread(ages) / 4;
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
