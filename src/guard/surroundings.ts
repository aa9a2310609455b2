/** What the connections of one guard have in common. One object for all of them. */
import type { Random } from "../base/random.ts";
import type { Clock } from "../base/time.ts";
import type { Reaper } from "../driver/reaper.ts";
import type { Ending, GuardEvidence } from "./guard-record.ts";
import type { GuardCounters } from "./guard-stats.ts";
import type { Guarded } from "./guarded.ts";
import type { Kernel } from "./kernel.ts";
import type { GuardConfig } from "./options.ts";

/** Who is told about guarded connections. */
export interface GuardedOwner {
  onSuspicion(guarded: Guarded, isSuspect: boolean): void;
  /** Last, and once: nothing of ours is left on the target. */
  onEnd(guarded: Guarded, ending: Ending, evidence: GuardEvidence, reset: boolean): void;
}

export interface Surroundings {
  readonly config: GuardConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly reaper: Reaper;
  readonly kernel: Kernel;
  readonly counters: GuardCounters;
  readonly owner: GuardedOwner;
  /** Reports what a function of the application threw, as uncaught, later. */
  readonly report: (error: unknown) => void;
}
