/**
 * Servers side by side: all alive at once on one core, loaded in turn, in short slices.
 *
 * Where rounds of minutes resolve differences of five percent, slices of a third of a second cancel
 * the drift of the machine. What they cannot cancel is the luck of a process (where its code and
 * its heap lie), so everything is started anew several times, and the reference runs twice.
 */
import type { Contender } from "../contenders/contender.ts";
import { DUEL_FIGURES, type DuelFigureId } from "../figures.ts";
import type { DuelResult } from "../results.ts";
import type { LoadAnswer, LoadGenerator } from "../run/load-generator.ts";
import { rotated } from "../run/rounds.ts";
import type { Scene, Theatre } from "../run/scene.ts";
import type { ServerProcess } from "../run/server-process.ts";
import { median } from "../stats/summary.ts";

export interface DuelPlan {
  readonly figures: readonly DuelFigureId[];
  readonly starts: number;
  readonly slices: number;
  readonly sliceSeconds: number;
  /** Open at each server while it is loaded. */
  readonly connections: number;
  /** Pings and echoes under way at a time. */
  readonly window: number;
  /** The slope for `memory` reaches up to so many. */
  readonly memoryConnections: number;
}

export interface DuelProgress {
  readonly start: number;
  readonly starts: number;
  readonly seconds: number;
}

interface Duellist {
  readonly contender: Contender;
  readonly server: ServerProcess;
  readonly lines: LoadGenerator;
  readonly frames: LoadGenerator | undefined;
  readonly values: Map<DuelFigureId, number[]>;
}

const CHURN_WINDOW = 64;
const STEADY_PER_SECOND = 5_000;
/** Until code is compiled; a slice as short as those of a tiny run needs no more than a few. */
const WARM_UP_SECONDS_MAX = 0.9;
const WARM_UP_SLICES = 3;

/** Ratios of all to the first, which is the reference. All must speak the line dialect. */
export async function duel(
  theatre: Theatre,
  contenders: readonly Contender[],
  plan: DuelPlan,
  tell: (progress: DuelProgress) => void,
): Promise<DuelResult[]> {
  const results = contenders.map(({ id, title }) => ({ id, title, ratios: emptyRatios(plan) }));
  for (let start = 0; start < plan.starts; start++) {
    const startedAt = performance.now();
    const medians = await theatre.play((scene) => oneStart(scene, contenders, plan, start));
    for (const [index, { ratios }] of results.entries()) {
      for (const figure of plan.figures) {
        const own = medians[index]?.get(figure);
        const reference = medians[0]?.get(figure);
        if (own !== undefined && reference !== undefined) ratios[figure]?.push(own / reference);
      }
    }
    const seconds = (performance.now() - startedAt) / 1000;
    tell({ start, starts: plan.starts, seconds });
  }
  return results;
}

type Medians = ReadonlyMap<DuelFigureId, number>;

async function oneStart(
  scene: Scene,
  contenders: readonly Contender[],
  plan: DuelPlan,
  start: number,
): Promise<Medians[]> {
  const duellists = await enterAll(scene, contenders, plan, start);
  if (plan.figures.includes("memory")) {
    for (const duellist of rotated(duellists, start)) await weigh(duellist, plan);
  }
  const warmUpSeconds = Math.min(WARM_UP_SECONDS_MAX, plan.sliceSeconds * WARM_UP_SLICES);
  for (const { lines, frames } of rotated(duellists, start)) {
    await lines.open(plan.connections);
    await lines.saturate(plan.window, warmUpSeconds);
    await frames?.open(plan.connections);
    await frames?.saturate(plan.window, warmUpSeconds);
  }
  const sliced = plan.figures.filter((figure) => figure !== "memory");
  for (let slice = 0; slice < plan.slices; slice++) {
    for (const figure of sliced) {
      for (const duellist of rotated(duellists, start + slice)) {
        note(duellist, figure, await oneSlice(duellist, figure, plan));
      }
    }
  }
  return duellists.map(({ values }) => mediansOf(values));
}

/** Who is started first, and last, changes with each start. The result is in the order given. */
async function enterAll(
  scene: Scene,
  contenders: readonly Contender[],
  plan: DuelPlan,
  start: number,
): Promise<Duellist[]> {
  const entered = new Map<Contender, Duellist>();
  for (const contender of rotated(contenders, start)) {
    entered.set(contender, await enter(scene, contender, plan));
  }
  return contenders.flatMap((contender) => entered.get(contender) ?? []);
}

async function enter(scene: Scene, contender: Contender, plan: DuelPlan): Promise<Duellist> {
  const server = await scene.server(contender, { kind: "answering" });
  const lines = scene.load(server, "line");
  const frames = plan.figures.includes("frameBeats") ? scene.load(server, "frame") : undefined;
  return { contender, server, lines, frames, values: new Map() };
}

async function weigh(duellist: Duellist, plan: DuelPlan): Promise<void> {
  const { server, lines } = duellist;
  const from = Math.ceil(plan.memoryConnections / 10);
  await lines.open(from);
  const few = await server.weigh();
  await lines.open(plan.memoryConnections);
  const many = await server.weigh();
  await lines.closeTo(plan.connections);
  note(duellist, "memory", (many - few) / (plan.memoryConnections - from));
}

async function oneSlice(
  duellist: Duellist,
  figure: Exclude<DuelFigureId, "memory">,
  plan: DuelPlan,
): Promise<number> {
  const answer = await load(duellist, figure, plan);
  const { closedByServer, count, lost, sent } = answer;
  // Whoever refuses pings has less to do.
  if (closedByServer > 0 || count === 0 || lost > sent / 1000) {
    const { title } = DUEL_FIGURES[figure];
    throw new Error(
      `${duellist.contender.id}, ${title}: ${count} done, ${lost} of ${sent} not answered, ` +
        `${closedByServer} closed by the server`,
    );
  }
  return answer.count / answer.serverCpuSeconds;
}

async function load(
  { lines, frames }: Duellist,
  figure: Exclude<DuelFigureId, "memory">,
  { window, sliceSeconds: seconds }: DuelPlan,
): Promise<LoadAnswer> {
  switch (figure) {
    case "beats":
      return await lines.saturate(window, seconds);
    case "frameBeats":
      return await (frames ?? lines).saturate(window, seconds);
    case "steadyBeats":
      return await lines.beat(STEADY_PER_SECOND, seconds);
    case "echo":
      return await lines.echo(64, window, seconds);
    case "churn":
      return await lines.churn(CHURN_WINDOW, seconds);
    default:
      return figure satisfies never;
  }
}

function note({ values }: Duellist, figure: DuelFigureId, value: number): void {
  const so = values.get(figure);
  if (so === undefined) values.set(figure, [value]);
  else so.push(value);
}

function mediansOf(values: ReadonlyMap<DuelFigureId, readonly number[]>): Medians {
  return new Map([...values].map(([figure, all]) => [figure, median(all) ?? Number.NaN]));
}

function emptyRatios(plan: DuelPlan): Partial<Record<DuelFigureId, number[]>> {
  return Object.fromEntries(plan.figures.map((figure) => [figure, []]));
}
