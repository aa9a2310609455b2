/** One run of one case: a stage, the fault at a random moment, and the watch after it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Program } from "../support/processes.ts";
import { SLACK_MS } from "./bounds.ts";
import type { FaultTimes, LabCase } from "./cases/lab-case.ts";
import { CONTESTANTS, type ContestantId, monotonicMs } from "./contestants/contestant.ts";
import type { EndedLine } from "./programs/orders.ts";
import type { RunResult } from "./results.ts";
import { Stage } from "./stage.ts";
import { outcomeOf } from "./verdict.ts";

export interface RunSettings {
  /** The folder with the compiled lab. */
  readonly compiled: string;
  /** For how long others than Holdfast are watched. */
  readonly watchMs: number;
  /** For how long a path without a fault is watched. */
  readonly staysMs: number;
  /** Gives the run up. */
  readonly signal: AbortSignal;
}

/** After a wake, for who has to live: more than any bound. */
const KEPT_WATCH_MS = 20_000;
const SIDES = ["client", "server"] as const;

/** For how long a run of this case is watched after its fault, at most. */
export function watchOf({ isStretch, expects }: LabCase, settings: RunSettings): number {
  if (isStretch) return settings.staysMs;
  return expects("client", "frame").is === "kept" ? KEPT_WATCH_MS : settings.watchMs;
}

export async function runOnce(labCase: LabCase, settings: RunSettings): Promise<RunResult> {
  const watchMs = watchOf(labCase, settings);
  const stage = new Stage(settings.compiled, watchMs);
  const giveUp = (): void => void stage.close(); // Whoever waits for a program fails then.
  settings.signal.addEventListener("abort", giveUp);
  const pause = async (ms: number): Promise<void> =>
    await sleep(ms, undefined, { signal: settings.signal });
  try {
    settings.signal.throwIfAborted();
    stage.network.build();
    labCase.prepare?.(stage);
    const { path, options } = labCase;
    const host = path ? await stage.openLossyPath(path) : stage.network.far.address;
    await stage.startPrograms(host, options, CONTESTANTS);
    // Everybody has beaten, and the fault meets each run elsewhere in its interval.
    await pause(options.intervalMs * (1.5 + Math.random()));
    const times = await labCase.fault(stage, pause);
    await watch(stage, labCase, (times.wokeAtMs ?? times.faultAtMs) + watchMs);
    if (labCase.wasInForce?.(stage) === false) throw new Error("the fault was not in force");
    return { caseId: labCase.id, outcomes: outcomesOf(stage, labCase, times, watchMs) };
  } finally {
    settings.signal.removeEventListener("abort", giveUp);
    await stage.close();
  }
}

/** Until the last end that may come, or until the time is over. */
async function watch(stage: Stage, labCase: LabCase, untilMs: number): Promise<void> {
  for (const side of SIDES) {
    // A frozen side tells nothing, and one that must live is watched to the last moment.
    if (labCase.expects(side, "frame").is === "frozen") continue;
    const program = stage.program(side);
    const limitMs = Math.max(0, untilMs - monotonicMs()) + SLACK_MS;
    const allEnded = (): true | undefined =>
      CONTESTANTS.every((id) => endOf(program, id)) ? true : undefined;
    // Its limit is what the watch is: no end is a result.
    await program.until("all ends", allEnded, limitMs).catch(() => {});
    if (program.hasExited) throw new Error(`${labCase.id}: the ${side} ended during the run`);
  }
}

function outcomesOf(
  stage: Stage,
  labCase: LabCase,
  times: FaultTimes,
  watchMs: number,
): RunResult["outcomes"] {
  return CONTESTANTS.flatMap((id) =>
    SIDES.map((side) =>
      outcomeOf(labCase, id, side, endOf(stage.program(side), id), times, watchMs),
    ),
  );
}

function endOf(program: Program, id: ContestantId): EndedLine | undefined {
  const ends = program.told("ended") as unknown as readonly EndedLine[];
  return ends.find(({ contestant }) => contestant === id);
}
