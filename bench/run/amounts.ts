/** How much a full, a quick and a tiny run ask of each contender. */
import type { Amounts } from "../results.ts";

/** About three quarters of an hour with all contenders. */
const FULL: Amounts = {
  rounds: 5,
  slopeFrom: 2_000,
  slopeTo: 18_000,
  stormConnections: 15_000,
  idleConnections: 15_000,
  idleSeconds: 5,
  idleSecondsBeating: 30,
  beatRate: 20_000,
  beatSeconds: 3,
  saturateWindow: 512,
  saturateSeconds: 3,
  echoSeconds: 2,
  broadcastConnections: 10_000,
  broadcastSeconds: 2.5,
  featureConnections: 2_000,
  featureStarts: 5,
  featureSlices: 8,
  featureSliceSeconds: 0.35,
};

/** Two minutes: the same measurements, smaller and shorter, for the contenders that matter most. */
const QUICK: Amounts = {
  rounds: 2,
  slopeFrom: 1_000,
  slopeTo: 6_000,
  stormConnections: 4_000,
  idleConnections: 6_000,
  idleSeconds: 0.6,
  idleSecondsBeating: 0.6,
  beatRate: 10_000,
  beatSeconds: 0.5,
  saturateWindow: 512,
  saturateSeconds: 0.8,
  echoSeconds: 0.4,
  broadcastConnections: 2_000,
  broadcastSeconds: 0.4,
  featureConnections: 500,
  featureStarts: 2,
  featureSlices: 2,
  featureSliceSeconds: 0.15,
};

/** Seconds. Its figures mean nothing; it shows that everything runs. */
const TINY: Amounts = {
  rounds: 1,
  slopeFrom: 20,
  slopeTo: 100,
  stormConnections: 60,
  idleConnections: 100,
  idleSeconds: 0.1,
  idleSecondsBeating: 0.1,
  beatRate: 1_000,
  beatSeconds: 0.1,
  saturateWindow: 16,
  saturateSeconds: 0.1,
  echoSeconds: 0.1,
  broadcastConnections: 50,
  broadcastSeconds: 0.1,
  featureConnections: 100,
  featureStarts: 2,
  featureSlices: 1,
  featureSliceSeconds: 0.05,
};

export type Mode = "full" | "quick" | "tiny";

export const AMOUNTS: Readonly<Record<Mode, Amounts>> = { full: FULL, quick: QUICK, tiny: TINY };

/** What a quick run measures, on the Node that runs the bench; the rest is for the full one. */
export function isForQuick(id: string, nodeMajor: number): boolean {
  const onNode = /^(.*)-node(\d+)$/.exec(id);
  if (onNode === null) return id === "c-epoll" || id === "go";
  const [, kind = "", major] = onNode;
  return Number(major) === nodeMajor && QUICK_KINDS.includes(kind);
}

const QUICK_KINDS: readonly string[] = ["holdfast-shared", "holdfast-public", "net", "ws"];
