/**
 * What a command touches of the world: three streams, signals and the clock.
 *
 * Everything is handed in, so that a test runs a whole command in its own process.
 */
import type { Readable, Writable } from "node:stream";
import type { Cancel, Clock } from "../base/time.ts";
import type { Environment } from "./settings.ts";

export interface Surroundings {
  readonly env: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: TerminalOrFile;
  readonly stderr: TerminalOrFile;
  readonly clock: Clock;
  readonly self: Self;
  /** Listens for a signal until the returned function is called. */
  onSignal(name: SignalName, listener: () => void): Cancel;
}

/** This process, as whoever started it knows it. */
export interface Self {
  readonly pid: number;
  /** The monotonic clock of the kernel, in microseconds. */
  readonly monotonicUs: () => bigint;
  /** Processes that are started from now on do not get this variable. */
  unsetEnv(name: string): void;
}

export type TerminalOrFile = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2";

/** What shells report for a process that a signal ended. */
export const SIGNAL_EXIT_CODES: Readonly<Record<"SIGINT" | "SIGTERM", number>> = {
  SIGINT: 130,
  SIGTERM: 143,
};

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_WRONG_USAGE = 2;
