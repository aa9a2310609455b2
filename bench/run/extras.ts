/**
 * All that a run measures beside the contenders: what features cost, what watching costs, what a
 * beat allocates.
 *
 * An interruption ends it, and what was found until then is worth telling.
 */
import type { DuelProgress } from "../compare/duel.ts";
import type { AmountsAsked, RunResult } from "../results.ts";
import { measureAllocations } from "./allocations.ts";
import { durationText } from "./command-line.ts";
import type { Pinning } from "./cores.ts";
import { type Engine, measureEngineCosts } from "./engine-costs.ts";
import { measureFeatures } from "./features.ts";
import type { Places } from "./places.ts";
import type { Theatre } from "./scene.ts";
import { measureWatching } from "./watching.ts";

export interface Stage {
  readonly theatre: Theatre;
  readonly pinning: Pinning | undefined;
  readonly places: Places;
  readonly amounts: AmountsAsked;
  /** Those that can be measured bare. */
  readonly engines: readonly Engine[];
}

type Extras = Pick<RunResult, "features" | "engineCosts" | "watching" | "allocations">;

export const NO_EXTRAS: Extras = { features: [] };

export async function measureExtras(stage: Stage, say: (text: string) => void): Promise<Extras> {
  const { theatre, places, amounts, engines, pinning } = stage;
  const isOver = (): boolean => theatre.isClosed;
  let extras = NO_EXTRAS;
  const steps: readonly (() => Promise<Partial<Extras>>)[] = [
    async () => ({
      engineCosts: await measureEngineCosts(theatre, engines, places, amounts, (title, progress) =>
        say(`${title} and bare, ${startText(progress)}`),
      ),
    }),
    async () => ({
      features: await measureFeatures(theatre, places, amounts, (progress) =>
        say(`features, ${startText(progress)}`),
      ),
    }),
    async () => {
      say("watching");
      return { watching: await measureWatching(places, pinning, amounts, isOver) };
    },
    async () => {
      say("allocation");
      return { allocations: await measureAllocations(places, engines, amounts, isOver) };
    },
  ];
  for (const step of steps) {
    if (isOver()) break;
    try {
      extras = { ...extras, ...(await step()) };
    } catch (error) {
      if (!isOver()) throw error;
    }
  }
  return extras;
}

function startText({ start, starts, seconds }: DuelProgress): string {
  return `start ${start + 1} of ${starts}: ${durationText(seconds)}`;
}
