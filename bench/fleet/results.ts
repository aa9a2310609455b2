/** What one run of the fleet bench found: printed, and kept as JSON. */
import type { Machine } from "../results.ts";

/** Many links in one process, as one dialect has them. */
export interface LinksResult {
  readonly dialect: "line" | "frame";
  readonly links: number;
  readonly heapBytesPerLink: number;
  readonly residentBytesPerLink: number;
  /** From the first dial until the last one was online. */
  readonly onlineMs: number;
  /** Timers of the process: before the links, with all online, with all waiting to dial again. */
  readonly timers: { readonly few: number; readonly online: number; readonly waiting: number };
  /** Of a core, while nothing happens but heartbeats; from 0 to 1. */
  readonly idleShare: number;
  readonly idleMs: number;
}

/** A server is killed and comes back. */
export interface StormResult {
  readonly policy: string;
  readonly links: number;
  readonly processes: number;
  /** From the kill until the next server listened. */
  readonly downMs: number;
  /** What the server accepted per second when a load generator written in C dialled. */
  readonly acceptsPerSecond: number;
  /** From there on until the last link was online again. */
  readonly backMs: number;
  /** In the fullest second, and in the fullest tenth, of the server's own log. */
  readonly arrivalsPerSecondMax: number;
  readonly arrivalsPerTenthMax: number;
  /** How many links needed one dial, two, and so on. */
  readonly linksByDials: readonly number[];
}

export interface FleetResult {
  readonly format: 1;
  readonly commit: string;
  /** As in 2026-01-02. */
  readonly date: string;
  readonly machine: Machine;
  readonly links: readonly LinksResult[];
  readonly storms: readonly StormResult[];
}
