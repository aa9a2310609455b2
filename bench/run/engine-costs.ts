/**
 * What all our features cost: Holdfast as it is by default, beside its own engine bare, in duels.
 *
 * Rounds could not tell three percent from eight. The clients stay within the ping budget here, so
 * it counts and refuses nobody; `twin` is Holdfast once more, and shows what is chance.
 *
 * Easy to break: with few connections a bare server gets ahead of the load generator, and whoever
 * reads what has come just now finds it in the caches: a fifth less time for the same beat. So as
 * many are open, and as many pings under way, as in the rounds, where all wait for the server.
 */
import { bareContender } from "../contenders/bare-contenders.ts";
import type { Contender } from "../contenders/contender.ts";
import { ALL_FEATURES, holdfastContender } from "../contenders/holdfast-contenders.ts";
import type { Runtime } from "../contenders/runtimes.ts";
import type { BareSettings } from "../contenders/server-settings.ts";
import { duel, type DuelProgress } from "../compare/duel.ts";
import type { AmountsAsked, EngineCost } from "../results.ts";
import type { Places } from "./places.ts";
import type { Theatre } from "./scene.ts";

/** An engine on a runtime, if both are here. */
export interface Engine {
  readonly name: BareSettings["engine"];
  readonly runtime: Runtime;
}

const OF_NODE = ["shared", "lean"] as const;

/** Those whose bare server is among the contenders that were found here. */
export function enginesFound(
  runtimes: readonly Runtime[],
  contenders: readonly Contender[],
  places: Places,
): Engine[] {
  const all = runtimes.flatMap((runtime) => {
    const names = runtime.kind === "bun" ? (["bun"] as const) : OF_NODE;
    return names.map((name) => ({ name, runtime }));
  });
  const ids = new Set(contenders.map(({ id }) => id));
  return all.filter(({ name, runtime }) => ids.has(bareContender(runtime, name, places).id));
}

export async function measureEngineCosts(
  theatre: Theatre,
  engines: readonly Engine[],
  places: Places,
  amounts: AmountsAsked,
  tell: (title: string, progress: DuelProgress) => void,
): Promise<EngineCost[]> {
  const plan = {
    figures: ["beats"] as const,
    starts: amounts.bareStarts,
    slices: amounts.bareSlices,
    sliceSeconds: amounts.featureSliceSeconds,
    connections: amounts.bareConnections,
    window: amounts.saturateWindow,
    memoryConnections: 0,
  };
  const costs: EngineCost[] = [];
  for (const engine of engines) {
    const { name, runtime } = engine;
    const title = `${name === "bun" ? "native" : name} engine, ${runtime.title}`;
    const duellists = [
      holdfast("holdfast", engine, places),
      holdfast("twin", engine, places),
      { ...bareContender(runtime, name, places), id: "bare", title: "the engine, bare" },
    ];
    const duels = await duel(theatre, duellists, plan, (progress) => tell(title, progress));
    costs.push({ id: name === "bun" ? runtime.id : `${name}-${runtime.id}`, title, duels });
  }
  return costs;
}

function holdfast(id: "holdfast" | "twin", { name, runtime }: Engine, places: Places): Contender {
  const { dist, compiled } = places;
  return holdfastContender({
    id,
    title: id === "twin" ? "Holdfast, once more" : "Holdfast",
    runtime,
    engine: name,
    features: ALL_FEATURES,
    dist,
    compiled,
    protocol: "line",
  });
}
