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
