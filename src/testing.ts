/**
 * The testing door: what others need to test with what we test with.
 *
 * The promises of a transport, for adapters of your own; a network and a clock that move when they
 * are told to; the check of a reconnection policy against stampedes; and whole worlds of faults,
 * drawn from a seed, with checkers that say which promise was broken in them.
 */
export {
  type BackoffFinding,
  checkBackoff,
} from "./redial/backoff-check.ts";
export {
  type DelayOf,
  type StormFinding,
  type StormOptions,
  type StormReport,
  simulateStorm,
} from "./redial/storm.ts";
export { CHECKERS } from "./simulation/checkers.ts";
export type { CoverageCounts } from "./simulation/coverage.ts";
export type { Plan, PlannedEvent, PlanWishes } from "./simulation/plan.ts";
export { draftPlan } from "./simulation/plan-draft.ts";
export {
  type RunOptions,
  type RunProgress,
  type RunReport,
  runSeed,
  simulate,
} from "./simulation/run.ts";
export { type ShrinkOptions, type Shrunk, shrinkPlan } from "./simulation/shrink.ts";
export { FAULT_KINDS, type FaultKind, type SimEvent } from "./simulation/sim-event.ts";
export { sweep, type SweepOptions, type SweepReport } from "./simulation/sweep.ts";
export type { Checker, Finding, MakeChecker, WorldView } from "./simulation/world-view.ts";
export { ManualClock } from "./testing/manual-clock.ts";
export { TRANSPORT_PROMISES, type TransportPromise } from "./testing/transport-promises.ts";
export type { TransportRig } from "./testing/transport-rig.ts";
export {
  listenMemory,
  type MemoryAddress,
  MemoryNetwork,
  openMemory,
} from "./transports/memory/memory-network.ts";
export type { MemoryPipeConfig } from "./transports/memory/memory-pipe.ts";
