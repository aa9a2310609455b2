/**
 * What each feature of ours costs: the same server with all of them, beside one without it.
 *
 * The clients stay within the ping budget here, so the row of the budget shows what counting costs
 * and not what refusing saves: with many connections and short slices each pings a few times only.
 */
import type { Contender } from "../contenders/contender.ts";
import { ALL_FEATURES, holdfastContender } from "../contenders/holdfast-contenders.ts";
import { nodeRuntime } from "../contenders/runtimes.ts";
import type { Features } from "../contenders/server-settings.ts";
import { duel, type DuelProgress } from "../compare/duel.ts";
import type { AmountsAsked, DuelResult } from "../results.ts";
import type { Places } from "./places.ts";
import type { Theatre } from "./scene.ts";

const WINDOW = 256;

const NONE: Features = { budget: false, limits: false, records: false, observation: false };

interface Row {
  readonly id: string;
  readonly title: string;
  readonly features: Features;
}

const ROWS: readonly Row[] = [
  { id: "all", title: "all features", features: ALL_FEATURES },
  { id: "twin", title: "all features, once more", features: ALL_FEATURES },
  {
    id: "no-budget",
    title: "without the ping budget",
    features: { ...ALL_FEATURES, budget: false },
  },
  { id: "no-limits", title: "without limits", features: { ...ALL_FEATURES, limits: false } },
  {
    id: "no-records",
    title: "without end records kept",
    features: { ...ALL_FEATURES, records: false },
  },
  {
    id: "no-observation",
    title: "without observers",
    features: { ...ALL_FEATURES, observation: false },
  },
  { id: "none", title: "without all four", features: NONE },
];

export async function measureFeatures(
  theatre: Theatre,
  places: Places,
  amounts: AmountsAsked,
  tell: (progress: DuelProgress) => void,
): Promise<DuelResult[]> {
  const contenders = ROWS.map((row) => featureContender(row, places));
  const plan = {
    figures: ["beats", "churn"] as const,
    starts: amounts.featureStarts,
    slices: amounts.featureSlices,
    sliceSeconds: amounts.featureSliceSeconds,
    connections: amounts.featureConnections,
    window: WINDOW,
    memoryConnections: 0,
  };
  return await duel(theatre, contenders, plan, tell);
}

function featureContender({ id, title, features }: Row, places: Places): Contender {
  return holdfastContender({
    id,
    title,
    runtime: nodeRuntime(process.execPath, process.versions.node),
    engine: "auto",
    features,
    dist: places.dist,
    compiled: places.compiled,
    protocol: "line",
  });
}
