/** Measures the groups that it is told, each task after the other, in a thread of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { GROUPS } from "./groups.ts";
import { type Measured, measure } from "./measurement.ts";

export interface GroupOrder {
  readonly group: number;
  /** The task to measure. */
  readonly task: number;
}

const { group, task } = workerData as GroupOrder;
const subject = GROUPS[group]?.tasks()[task];
if (subject === undefined) throw new Error("there is no such task");
const measured: Measured = await measure(subject);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(measured);
