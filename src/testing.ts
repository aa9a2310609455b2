/**
 * The testing door: what others need to test with what we test with.
 *
 * The promises of a transport, for adapters of your own; a network and a clock that move when they
 * are told to; and the check of a reconnection policy against stampedes.
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
