/**
 * What a run of the bench found, as it is written to JSON and read by the reports.
 *
 * Raw samples are kept, one for each round, so that another reader can compute other statistics.
 * Nothing here is derived: medians, spreads and ratios are the business of stats/ and report/.
 */
import type { Missing } from "./contenders/contender.ts";
import type { DuelFigureId, FigureId } from "./figures.ts";

export interface Sample {
  /** From 0; all contenders of one round ran within minutes of one another. */
  readonly round: number;
  /** In the unit of the figure. */
  readonly value: number;
  /** How busy the server's core was while it was measured, from 0 to 1. */
  readonly serverShare?: number | undefined;
  /** The same for the load generator. */
  readonly loadShare?: number | undefined;
}

export type Samples = Partial<Record<FigureId, readonly Sample[]>>;

export interface ContenderResult {
  readonly id: string;
  readonly title: string;
  readonly group: "holdfast" | "reference" | "peer";
  readonly version: string;
  readonly note?: string | undefined;
  readonly samples: Samples;
  /** What went wrong, a sentence for each round that has no samples. */
  readonly faults: readonly string[];
}

/** Two servers side by side: how one figure of the one relates to that of the other. */
export interface DuelResult {
  readonly id: string;
  readonly title: string;
  /** For each figure the ratio to the reference, one for each start of all the processes. */
  readonly ratios: Partial<Record<DuelFigureId, readonly number[]>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** The Node that ran the bench. */
  readonly node: string;
  /** The core of the server under test and the cores of the generator; undefined: not pinned. */
  readonly pinned: { readonly server: number; readonly load: string } | undefined;
}

/** How much was asked of each contender. */
export interface Amounts {
  readonly rounds: number;
  readonly slopeFrom: number;
  readonly slopeTo: number;
  readonly stormConnections: number;
  readonly idleConnections: number;
  readonly idleSeconds: number;
  /** For servers that beat by themselves: a whole interval has to pass. */
  readonly idleSecondsBeating: number;
  readonly beatRate: number;
  readonly beatSeconds: number;
  readonly saturateWindow: number;
  readonly saturateSeconds: number;
  readonly echoSeconds: number;
  readonly broadcastConnections: number;
  readonly broadcastSeconds: number;
  /** Open at each server; with fewer, clients that saturate it would exceed the ping budget. */
  readonly featureConnections: number;
  readonly featureStarts: number;
  readonly featureSlices: number;
  readonly featureSliceSeconds: number;
}

export interface RunResult {
  readonly format: 1;
  readonly mode: "full" | "quick" | "tiny";
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Of this repository; ends in "+" when files were changed since. */
  readonly commit: string;
  readonly machine: Machine;
  readonly amounts: Amounts;
  /** Contenders in the order of the tables. */
  readonly contenders: readonly ContenderResult[];
  readonly missing: readonly Missing[];
  /** What switching one feature off changes, in ratio to the server that has them all. */
  readonly features: readonly DuelResult[];
}
