/** What one run of the guard bench found: printed, and kept beside the page that shows it. */
import type { GuardedProgram, Mode } from "../../test/guarded/guarded-program.ts";
import type { Overhead } from "./overhead.ts";

export interface Stalls {
  readonly live: number;
  readonly stalls: number;
  readonly stallMs: number;
  readonly endedWithout: number;
  readonly endedWith: number;
}

/** Times from the partition to the close of the server's socket; what is missing was not found. */
export interface Partition {
  readonly copies: number;
  readonly watchedMs: number;
  readonly foundAfterMs: Readonly<Record<Mode, readonly number[]>>;
}

export interface ProgramResult {
  readonly id: GuardedProgram["id"];
  /** Each is undefined where it was not asked for, and this one without network namespaces. */
  readonly partition: Partition | undefined;
  readonly stalls: Stalls | undefined;
  readonly overhead: Overhead | undefined;
}

export interface GuardResult {
  readonly commit: string;
  /** As in 2026-01-02. */
  readonly date: string;
  readonly machine: string;
  /** Between which memory is compared. */
  readonly connections: readonly [few: number, many: number];
  readonly programs: readonly ProgramResult[];
}
