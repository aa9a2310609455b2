/**
 * Times the tasks of one group, with tinybench.
 *
 * An operation takes less than the clock can tell, so a sample is a batch of them, of about a
 * millisecond, divided by their number. The size of a batch is found after a warm-up, since code
 * that is not optimised yet is many times slower. Easy to break: tasks that are not of one kind
 * must not share a thread, as what V8 learns from one would slow the other.
 */
import { Bench } from "tinybench";
import { expectThat, type MicroTask } from "./task.ts";

const BATCH_MS = 1;
const WARM_UP_MS = 250;
const MEASURE_MS = 600;
const SAMPLES_MIN = 12;

export interface Measured {
  readonly name: string;
  /** Per operation: the median of all samples, and the median distance from it. */
  readonly medianNs: number;
  readonly spreadNs: number;
  readonly perSecond: number;
  readonly samples: number;
  /** Operations in each sample. */
  readonly batch: number;
}

export async function measure(task: MicroTask): Promise<Measured> {
  task.check();
  let consumed = 0;
  const timed = (times: number): number => {
    task.prepare?.(times);
    const beganAt = performance.now();
    consumed += task.run(times);
    return performance.now() - beganAt;
  };
  const batch = batchOf(timed);
  const bench = new Bench({
    time: MEASURE_MS,
    iterations: SAMPLES_MIN,
    warmup: false, // Done above.
    throws: true,
  });
  bench.add(task.name, () => {
    const beganAt = performance.now();
    const ms = timed(batch);
    const overriddenIterationCost = performance.now() - beganAt;
    return { overriddenDuration: ms / batch, overriddenIterationCost };
  });
  await bench.run();
  expectThat(!Number.isNaN(consumed), `"${task.name}" returns numbers`);
  const result = bench.tasks[0]?.result;
  if (result?.state !== "completed") throw new Error(`"${task.name}" was not measured`);
  const { p50, mad, samplesCount } = result.latency;
  return {
    name: task.name,
    medianNs: p50 * 1e6,
    spreadNs: mad * 1e6,
    perSecond: 1_000 / p50,
    samples: samplesCount,
    batch,
  };
}

/** Warms up with growing batches, and ends with one that takes about `BATCH_MS`. */
function batchOf(timed: (times: number) => number): number {
  let times = 1;
  const beganAt = performance.now();
  while (performance.now() - beganAt < WARM_UP_MS) {
    if (timed(times) < BATCH_MS) times *= 2;
  }
  const runs = [timed(times), timed(times), timed(times)].sort((one, other) => one - other);
  const perOperationMs = (runs[1] as number) / times;
  return Math.max(1, Math.round(BATCH_MS / perOperationMs));
}
