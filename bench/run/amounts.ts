/** How much a full, a quick and a tiny run ask of each contender. */
import type { AmountsAsked } from "../results.ts";

/** Less than 25 minutes with all contenders: most of it is waiting for what is measured. */
const FULL: AmountsAsked = {
  rounds: 3,
  slopeFrom: 2_000,
  slopeTo: 18_000,
  stormConnections: 15_000,
  idleConnections: 15_000,
  idleSeconds: 10,
  // Together the interval of the servers that beat by themselves.
  idleWindows: 3,
  // V8 collects once more about 8 s after a large collection, if nothing happens.
  idleSettleSeconds: 12,
  idleTogether: 12,
  burstCount: 3,
  burstHoldMs: 300,
  beatRate: 20_000,
  beatSeconds: 2,
  saturateWindow: 512,
  saturateSeconds: 2,
  echoSeconds: 1,
  broadcastConnections: 10_000,
  broadcastSeconds: 1.2,
  featureConnections: 2_000,
  // From start to start a server differs by more than from slice to slice.
  featureStarts: 6,
  featureSlices: 3,
  featureSliceSeconds: 0.3,
  // As the rounds have it; and each pings less often than every 100 ms, within the budget.
  bareConnections: 15_000,
  bareStarts: 5,
  bareSlices: 5,
  watchedSlots: 1_000_000,
  watchingSeconds: 5,
  watchingWindows: 3,
  allocationBeats: 100_000,
};

/** Two minutes: the same measurements, smaller and shorter, for the contenders that matter most. */
const QUICK: AmountsAsked = {
  rounds: 2,
  slopeFrom: 1_000,
  slopeTo: 6_000,
  stormConnections: 4_000,
  idleConnections: 6_000,
  idleSeconds: 2,
  idleWindows: 2,
  idleSettleSeconds: 2,
  idleTogether: 10,
  burstCount: 1,
  burstHoldMs: 150,
  beatRate: 10_000,
  beatSeconds: 0.5,
  saturateWindow: 512,
  saturateSeconds: 0.8,
  echoSeconds: 0.4,
  broadcastConnections: 2_000,
  broadcastSeconds: 0.4,
  featureConnections: 2_000,
  featureStarts: 2,
  featureSlices: 2,
  featureSliceSeconds: 0.15,
  bareConnections: 2_000,
  bareStarts: 2,
  bareSlices: 3,
  watchedSlots: 1_000_000,
  watchingSeconds: 1,
  watchingWindows: 2,
  allocationBeats: 20_000,
};

/** Seconds. Its figures mean nothing; it shows that everything runs. */
const TINY: AmountsAsked = {
  rounds: 1,
  slopeFrom: 20,
  slopeTo: 100,
  stormConnections: 60,
  idleConnections: 100,
  idleSeconds: 0.1,
  idleWindows: 2,
  idleSettleSeconds: 0.1,
  idleTogether: 10,
  burstCount: 1,
  burstHoldMs: 30,
  beatRate: 1_000,
  beatSeconds: 0.1,
  saturateWindow: 16,
  saturateSeconds: 0.1,
  echoSeconds: 0.1,
  broadcastConnections: 50,
  broadcastSeconds: 0.1,
  featureConnections: 500,
  featureStarts: 2,
  featureSlices: 1,
  featureSliceSeconds: 0.05,
  bareConnections: 500,
  bareStarts: 2,
  bareSlices: 1,
  watchedSlots: 10_000,
  watchingSeconds: 0.2,
  watchingWindows: 1,
  allocationBeats: 1_000,
};

export type Mode = "full" | "quick" | "tiny";

export const AMOUNTS: Readonly<Record<Mode, AmountsAsked>> = {
  full: FULL,
  quick: QUICK,
  tiny: TINY,
};

/** What a quick run measures, on the Node that runs the bench; the rest is for the full one. */
export function isForQuick(id: string, nodeMajor: number): boolean {
  const onNode = /^(.*)-node(\d+)$/.exec(id);
  if (onNode === null) return id === "c-epoll" || id === "go";
  const [, kind = "", major] = onNode;
  return Number(major) === nodeMajor && QUICK_KINDS.includes(kind);
}

const QUICK_KINDS: readonly string[] = ["holdfast-shared", "holdfast-lean", "net", "ws"];
