/** What was promised of the adaptive interval, and whether a judgement kept it. */
import type { Row } from "./judgement.ts";
import type { ChangeRow } from "./timeout-change.ts";
import type { WorkloadName } from "./workloads.ts";

export const COST_RATIO_GOAL = 1.1;
/** What must hold, whatever the seed. */
export const COST_RATIO_MAX: Readonly<Record<WorkloadName, number>> = {
  client: 1.08,
  balanced: 1.13,
  even: 1.11,
};
/** On the first workload, a day. */
const AVOIDABLE_DROPS_MAX = 1;
const DEAD_S_MAX = 120;
/** In the two days after the timeout fell from 600 s to 120 s. */
const DROPS_AFTER_CHANGE_MAX = 5;

/** A sentence for each promise that was not kept. */
export function broken(workload: WorkloadName, row: Row): string[] {
  const found: string[] = [];
  const max = COST_RATIO_MAX[workload];
  if (row.costRatio > max) {
    found.push(`${workload}: J is ${row.costRatio.toFixed(3)} times the oracle's, above ${max}`);
  }
  if (workload !== "client") return found;
  if (row.avoidableDrops > AVOIDABLE_DROPS_MAX) {
    found.push(`client: ${row.avoidableDrops.toFixed(2)} avoidable drops a day, above 1`);
  }
  if (row.deadS > DEAD_S_MAX) found.push(`client: ${row.deadS.toFixed(0)} s dead a day, above 120`);
  return found;
}

export function brokenByChange(row: ChangeRow): string[] {
  if (row.avoidableDrops <= DROPS_AFTER_CHANGE_MAX) return [];
  return [`600 s to 120 s: ${row.avoidableDrops.toFixed(2)} avoidable drops, above 5`];
}
