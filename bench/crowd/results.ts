/** What one run of the crowd bench found: printed, and kept as JSON. */
import type { Machine } from "../results.ts";

export interface CrowdAmounts {
  readonly connections: number;
  /** Of these, how many fall silent in the middle, half by each of two ways. */
  readonly frozen: number;
  /** Server processes. */
  readonly workers: number;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** For how long all beat before some stop. */
  readonly settleMs: number;
}

/** What the records of the server say of those it ended for silence. Times since the last byte. */
export interface SilentEnds {
  readonly count: number;
  readonly earliestMs: number;
  readonly latestMs: number;
  /** The most by which one came after its bound; 0 when none did. */
  readonly beyondBoundMs: number;
  /** The most that the server said it had been late itself. */
  readonly ourLatenessMsMax: number;
}

export interface CrowdResult {
  readonly format: 1;
  readonly commit: string;
  /** As in 2026-01-02. */
  readonly date: string;
  readonly machine: Machine;
  readonly amounts: CrowdAmounts;
  /** `workers`: one port for all; `apart`: a server with a port of its own for each. */
  readonly servers: "workers" | "apart";
  readonly openSeconds: number;
  /** Resident, of all server processes, before the first connection and with all of them. */
  readonly residentBytesBefore: number;
  readonly residentBytes: number;
  /** While all beat: processor time of all server processes. */
  readonly cpuSeconds: number;
  readonly cpuWindowSeconds: number;
  readonly beatsPerSecond: number;
  /** Ends that the server told before we closed what was left. */
  readonly endsByCode: Readonly<Record<string, number>>;
  readonly silent: SilentEnds;
  /** As the clients saw it. */
  readonly stoppedEnded: number;
  readonly mutedEnded: number;
  /** From the last beat to the close, of the latest of those that just stopped beating. */
  readonly mutedLatestMs: number;
  readonly othersOpen: number;
  readonly othersEnded: number;
  /** What the server said of itself, such as that it was late. */
  readonly notices: readonly string[];
}
