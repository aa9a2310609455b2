/** V8's CPU profile as a list of functions with their own time, and of our lines with theirs. */
import { type CallFrame, type Site, Sites } from "./sites.ts";

/** As the inspector's protocol has it. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node of each sample, and the microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CpuNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
  /** Samples by line, counted from 1. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

export interface CpuSite extends Site {
  readonly ms: number;
}

export interface CpuLine {
  readonly where: string;
  readonly samples: number;
}

/** Largest first; time in which the process slept is a site of its own, `(idle)`. */
export function cpuSites(profile: CpuProfile): CpuSite[] {
  const sites = new Sites();
  const own = ownTimes(profile);
  const parents = parentsOf(profile);
  const found = new Map<string, Site & { ms: number }>();
  for (const node of profile.nodes) {
    const callers: CallFrame[] = [];
    let caller = parents.get(node.id);
    for (; caller !== undefined; caller = parents.get(caller.id)) callers.push(caller.callFrame);
    const site = sites.of(node.callFrame, callers);
    const key = `${site.name} ${site.where}`;
    const known = found.get(key) ?? { ...site, ms: 0 };
    known.ms += (own.get(node.id) ?? 0) / 1_000;
    found.set(key, known);
  }
  return [...found.values()].filter(({ ms }) => ms > 0).sort((one, other) => other.ms - one.ms);
}

/** The lines of ours on which samples fell, most first. */
export function cpuLines(profile: CpuProfile): CpuLine[] {
  const sites = new Sites();
  const found = new Map<string, number>();
  for (const { callFrame, positionTicks } of profile.nodes) {
    if (!callFrame.url.startsWith("file:")) continue;
    for (const { line, ticks } of positionTicks ?? []) {
      const where = sites.line(callFrame.url, line);
      found.set(where, (found.get(where) ?? 0) + ticks);
    }
  }
  return [...found]
    .map(([where, samples]) => ({ where, samples }))
    .filter(({ where }) => where.startsWith("src/"))
    .sort((one, other) => other.samples - one.samples);
}

/** Microseconds by node: a sample lasts until the next one. */
function ownTimes({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [at, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[at + 1] ?? 0));
  }
  return times;
}

function parentsOf({ nodes }: CpuProfile): ReadonlyMap<number, CpuNode> {
  const parents = new Map<number, CpuNode>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  return parents;
}
