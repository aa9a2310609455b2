/** What a process holds after a collection, to be compared between rounds. Needs --expose-gc. */
import { readdirSync } from "node:fs";

/** A server compares its clocks every five seconds, and only then notices that nobody is left. */
const TIMERS_MS_MAX = 6_000;

function resourcesByKind() {
  const resources = {};
  for (const kind of process.getActiveResourcesInfo().toSorted()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  return resources;
}

/** @param {number} connections What the program itself counts as alive. */
export async function measureGrowth(connections) {
  const until = performance.now() + TIMERS_MS_MAX;
  while (resourcesByKind().Timeout !== undefined && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // What ended a moment ago is let go of in later turns, and finalised after a first collection.
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc();
  }
  return {
    connections,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: resourcesByKind(),
    heapBytes: process.memoryUsage().heapUsed,
    rssBytes: process.memoryUsage.rss(),
  };
}
