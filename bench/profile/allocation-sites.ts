/** The tree of V8's sampling heap profiler as a list of sites with their bytes. */
import { type CallFrame, type Site, Sites } from "./sites.ts";

/** A node of the profile: a function as it was called from its parent. */
export interface AllocationNode {
  readonly callFrame: CallFrame;
  /** Bytes allocated in the function itself, scaled up by V8 from its samples. */
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

export interface AllocationSite extends Site {
  readonly bytesPerBeat: number;
}

/** Largest first. */
export function allocationSites(root: AllocationNode, beats: number): AllocationSite[] {
  const sites = new Sites();
  const found = new Map<string, Site & { bytes: number }>();
  const visit = (node: AllocationNode, callers: readonly CallFrame[]): void => {
    if (node.selfSize > 0) {
      const site = sites.of(node.callFrame, callers);
      const key = `${site.name} ${site.where}`;
      const known = found.get(key) ?? { ...site, bytes: 0 };
      known.bytes += node.selfSize;
      found.set(key, known);
    }
    const inner = [node.callFrame, ...callers];
    for (const child of node.children) visit(child, inner);
  };
  visit(root, []);
  return [...found.values()]
    .map(({ bytes, ...site }) => ({ ...site, bytesPerBeat: bytes / beats }))
    .sort((one, other) => other.bytesPerBeat - one.bytesPerBeat);
}

const CLOCK: Site = { name: "performance.now", where: "where it is inlined", origin: "node" };
/** A site with as much of it is the one that the clock was inlined into. */
const CLOCK_SHARE_MIN = 0.9;

/**
 * Counts what Node's clock allocates for Node, which is a number on the heap where V8 hands it over
 * in one. A beat looks at the clock once; the optimiser puts that into a function of ours, and the
 * profiler cannot tell. `clockBytes` was measured by itself, in the same process.
 */
export function clockApart(sites: readonly AllocationSite[], clockBytes: number): AllocationSite[] {
  const host = sites.find(({ origin }) => origin === "ours");
  const isInlined = host !== undefined && host.bytesPerBeat >= clockBytes * CLOCK_SHARE_MIN;
  if (!isInlined || clockBytes < 1) return [...sites];
  const bytesPerBeat = Math.min(clockBytes, host.bytesPerBeat);
  const left = { ...host, bytesPerBeat: host.bytesPerBeat - bytesPerBeat };
  return [...sites.map((site) => (site === host ? left : site)), { ...CLOCK, bytesPerBeat }].sort(
    (one, other) => other.bytesPerBeat - one.bytesPerBeat,
  );
}
