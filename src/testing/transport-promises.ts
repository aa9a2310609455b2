/**
 * What every transport promises, as checks that need no test runner.
 *
 * A rig says how to listen and dial; each check opens its own listener, so that checks may run in
 * any order. `for (const { promise, check } of TRANSPORT_PROMISES) test(promise, () => check(rig))`
 */
import {
  bothFinish,
  processGone,
  resetAfterFinish,
  resetBoth,
  resetOnce,
  resetWhileFinishing,
  resetWhileReading,
  writeAfterReset,
} from "./transport-ends.ts";
import {
  bytesArrive,
  finishAfterRefusal,
  halfOpen,
  hugeWrite,
  lentBytes,
  pausing,
  puttingOff,
  resetPutOff,
  slowReader,
  smallRefusal,
  unackedAnswers,
} from "./transport-flow.ts";
import {
  cancelledDial,
  countsBack,
  notAttached,
  refusedAfterClose,
} from "./transport-listeners.ts";
import type { TransportRig } from "./transport-rig.ts";

export interface TransportPromise {
  readonly promise: string;
  readonly check: (rig: TransportRig) => Promise<void>;
}

export const TRANSPORT_PROMISES: readonly TransportPromise[] = [
  { promise: "bytes arrive whole and in order", check: bytesArrive },
  {
    promise: "a slow reader refuses writes, gets all in the end, and onDrained tells",
    check: slowReader,
  },
  { promise: "onDrained follows a refused write of any size", check: smallRefusal },
  { promise: "a refused write of many MiB shows how far it has come", check: hugeWrite },
  { promise: "lent bytes are overwritten after the call", check: lentBytes },
  { promise: "pause stops reading, also from inside onBytes, and resume goes on", check: pausing },
  { promise: "reading that is put off loses nothing, nor the end", check: puttingOff },
  { promise: "reset works while reading is put off", check: resetPutOff },
  {
    promise: "FIN is onFinished, and the other direction still works where it can",
    check: halfOpen,
  },
  { promise: "finish sends what was refused before FIN", check: finishAfterRefusal },
  { promise: "onClosed runs once and last when both sides finish", check: bothFinish },
  { promise: "onClosed runs once and last on both sides after a reset", check: resetOnce },
  { promise: "onClosed runs once and last when both sides reset", check: resetBoth },
  {
    promise: "nothing but onClosed runs after reset, with bytes under way",
    check: resetWhileReading,
  },
  { promise: "reset works while a finish waits for the reader", check: resetWhileFinishing },
  { promise: "reset works directly after finish", check: resetAfterFinish },
  {
    promise: "a write after the peer's reset does not throw, and the end follows",
    check: writeAfterReset,
  },
  { promise: "the peer's process may be killed", check: processGone },
  { promise: "readUnacked answers once, later, also after the end", check: unackedAnswers },
  { promise: "a pipe that nobody attaches to is closed", check: notAttached },
  { promise: "the listener counts back to 0 and closes, with resets in flight", check: countsBack },
  { promise: "after close nobody gets in, and dialling fails once", check: refusedAfterClose },
  { promise: "a cancelled dial stays silent", check: cancelledDial },
];
