/**
 * Watching very many connections, measured: two processes at the same time, one with the deadlines
 * and one without, whose time is subtracted.
 */
import { join } from "node:path";
import type { AmountsAsked, Sample, Watching } from "../results.ts";
import type { Pinning } from "./cores.ts";
import { LineProcess, type Told } from "./line-process.ts";
import type { Places } from "./places.ts";
import type { WatchingSettings } from "./watching-program.ts";

const READY_WITHIN_MS = 60_000;
const EXTRA_MS = 15_000;
/** Not measured: what the beginning compiles and collects. */
const WARM_UP_WINDOWS = 1;

export async function measureWatching(
  places: Places,
  pinning: Pinning | undefined,
  amounts: AmountsAsked,
  isOver: () => boolean,
): Promise<Watching> {
  const { watchedSlots: slots, watchingWindows } = amounts;
  const start = (kind: WatchingSettings["kind"]): LineProcess => {
    const settings: WatchingSettings = { dist: places.dist, kind, slots };
    const program = join(places.compiled, "run/watching-program.js");
    const command = { file: process.execPath, args: [program, JSON.stringify(settings)] };
    return new LineProcess(`watching (${kind})`, command, pinning?.server.toString());
  };
  const both = [start("alarms"), start("control")] as const;
  try {
    for (const one of both) await one.next("ready", READY_WITHIN_MS);
    const samples: Sample[] = [];
    const controlSamples: Sample[] = [];
    let beats = 0;
    let seconds = 0;
    for (let window = -WARM_UP_WINDOWS; window < watchingWindows && !isOver(); window++) {
      const [alarms, control] = await Promise.all(both.map((one) => oneWindow(one, amounts)));
      if (window < 0 || alarms === undefined || control === undefined) continue;
      const own = shareOf(control);
      controlSamples.push({ round: window, value: own });
      samples.push({ round: window, value: shareOf(alarms) - own });
      beats += number(alarms, "beats");
      seconds += number(alarms, "seconds");
    }
    return { slots, beatsPerSecond: Math.round(beats / seconds), samples, controlSamples };
  } finally {
    await Promise.all(both.map((one) => one.end()));
  }
}

async function oneWindow(process: LineProcess, { watchingSeconds }: AmountsAsked): Promise<Told> {
  return await process.order(`measure ${watchingSeconds}`, watchingSeconds * 1000 + EXTRA_MS);
}

function shareOf(told: Told): number {
  return number(told, "cpuSeconds") / number(told, "seconds");
}

function number(told: Told, name: string): number {
  const value = told[name];
  if (typeof value === "number") return value;
  throw new Error(`expected \`${name}\` of a window, got ${JSON.stringify(told)}`);
}
