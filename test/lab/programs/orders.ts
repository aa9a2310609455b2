/** How the two programs of a run and the lab that started them talk: JSON lines both ways. */
import { createInterface } from "node:readline";
import type { LabOptions } from "../bounds.ts";
import {
  type ContestantId,
  type EndFacts,
  type Listener,
  monotonicMs,
} from "../contestants/contestant.ts";

/** The only argument of a program. */
export interface Task {
  readonly host: string;
  readonly options: LabOptions;
  /** Told to the client. */
  readonly ports?: Readonly<Partial<Record<ContestantId, number>>>;
  /** However it is left behind, it does not stay. */
  readonly lifetimeMs: number;
}

/** Each contestant, or only `to`, sends a message of so many bytes. */
export interface SendOrder {
  readonly bytes: number;
  readonly to?: ContestantId;
}

export interface EndedLine extends EndFacts {
  readonly event: "ended";
  readonly contestant: ContestantId;
  readonly atMs: number;
}

export function takeTask(): Task {
  const task = JSON.parse(process.argv[2] ?? "{}") as Task;
  setTimeout(() => process.exit(), task.lifetimeMs).unref();
  return task;
}

export function say(event: string, facts: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

export function listenerOf(contestant: ContestantId): Listener {
  return {
    open: () => say("open", { contestant }),
    ended: (facts) => say("ended", { contestant, atMs: monotonicMs(), ...facts }),
  };
}

/** Carries out orders until stdin is closed: then there is nobody to live for. */
export function obey(ends: ReadonlyMap<ContestantId, { send(bytes: number): void }>): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const { bytes, to } = JSON.parse(line) as SendOrder;
    for (const [id, end] of ends) if (to === undefined || to === id) end.send(bytes);
  });
  lines.on("close", () => process.exit());
}
