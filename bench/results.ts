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

/** What all features of Holdfast cost on one engine: the engine bare, beside Holdfast on it. */
export interface EngineCost {
  /** Such as `shared-node20`. */
  readonly id: string;
  readonly title: string;
  /** `holdfast`, which is the reference, `twin` and `bare`. */
  readonly duels: readonly DuelResult[];
}

/** Very many deadlines behind one timer, moved as beats move them. */
export interface Watching {
  readonly slots: number;
  readonly beatsPerSecond: number;
  /** Shares of a core; what the same loop takes without deadlines is not in them. */
  readonly samples: readonly Sample[];
  /** What the same loop takes that only notes who was heard. */
  readonly controlSamples: readonly Sample[];
}

export interface AllocationSite {
  readonly name: string;
  readonly where: string;
  readonly origin: "ours" | "node" | "native" | "bench";
  readonly bytesPerBeat: number;
}

/** What one ping and its answer allocate in the server, as V8 samples it. */
export interface Allocation {
  /** Such as `shared-node20`. */
  readonly id: string;
  readonly title: string;
  readonly beats: number;
  readonly bytesPerBeat: number;
  /** Of these, in files of ours. */
  readonly ownBytesPerBeat: number;
  /** The largest first; small ones are left out. */
  readonly sites: readonly AllocationSite[];
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

/** How much was asked of each contender. What is optional was not asked in runs of before. */
export interface Amounts {
  readonly rounds: number;
  readonly slopeFrom: number;
  readonly slopeTo: number;
  readonly stormConnections: number;
  readonly idleConnections: number;
  /** The length of a window; those of servers that beat by themselves are taken as one. */
  readonly idleSeconds: number;
  readonly idleWindows?: number | undefined;
  /** Before the first window: until collectors and compilers are done with what was before. */
  readonly idleSettleSeconds?: number | undefined;
  /** So many servers idle at the same time, at most. */
  readonly idleTogether?: number | undefined;
  readonly burstCount?: number | undefined;
  /** For so long a server is held back while all ping it. */
  readonly burstHoldMs?: number | undefined;
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
  readonly bareConnections?: number | undefined;
  readonly bareStarts?: number | undefined;
  readonly bareSlices?: number | undefined;
  readonly watchedSlots?: number | undefined;
  readonly watchingSeconds?: number | undefined;
  readonly watchingWindows?: number | undefined;
  readonly allocationBeats?: number | undefined;
}

/** All of it, as a run of today needs it. */
export type AmountsAsked = Readonly<Required<{ [Name in keyof Amounts]: number }>>;

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
  /** Undefined, as the next two: a run of before, or one without. */
  readonly engineCosts?: readonly EngineCost[] | undefined;
  readonly watching?: Watching | undefined;
  readonly allocations?: readonly Allocation[] | undefined;
}
