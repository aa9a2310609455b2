/** Mistakes against the rules of liveness: 5.1 to 5.5, 5.10 and 5.11 of the design. */
import { Connection } from "../../../src/connection/connection.ts";
import { BeatSchedule } from "../../../src/liveness/beat-schedule.ts";
import { LivenessMonitor } from "../../../src/liveness/monitor.ts";
import { OutputCount } from "../../../src/liveness/output-count.ts";
import { SimProcess } from "../../../src/simulation/sim-process.ts";
import { type Plant, replace } from "./planting.ts";

/** 5.1: what we send is taken for a sign of the peer. */
export const sendingIsHearing: Plant = replace(
  LivenessMonitor,
  "spoke",
  (original) =>
    function (now, bytes) {
      original.call(this, now, bytes);
      this.heard(now);
    },
);

/** 5.2: the gap between two beats is longer than the one that was announced. */
export const longerThanAnnounced: Plant = replace(
  LivenessMonitor,
  "setBeat",
  (original) =>
    function (intervalMs: number | undefined, style, now) {
      original.call(this, intervalMs === undefined ? undefined : intervalMs * 1.6, style, now);
    },
);

/** 5.3: a missed deadline is death, though the peer could have been asked. */
export const deadUnasked: Plant = replace(LivenessMonitor, "setVerify", () => () => undefined);

/** 5.4: a write that the kernel took at once is taken for output that moved. */
export const writingIsMoving: Plant = replace(
  Connection,
  "handleWritten",
  (original) =>
    function (taken: boolean, now) {
      original.call(this, taken, now);
      if (taken && this.phase === "open") this.heartbeat.monitor.moved(now);
    },
);

/** 5.4: output that moved is no news of the peer. */
export const movementIgnored: Plant = replace(LivenessMonitor, "moved", () => () => undefined);

/** 5.4: whatever a kernel acknowledges is news of its process, again and again. */
export const kernelsAreAlive: Plant = () => {
  const { prototype } = OutputCount;
  const original = Object.getOwnPropertyDescriptor(prototype, "wasEmpty");
  Object.defineProperty(prototype, "wasEmpty", { configurable: true, get: () => false });
  return () => {
    if (original !== undefined) Object.defineProperty(prototype, "wasEmpty", original);
  };
};

/** 5.5: after a stall of ours verdicts fall before what waits in the kernel was read. */
export const judgedBeforeReading: Plant = replace(
  SimProcess,
  "clock",
  (original) =>
    function (owner: string) {
      const clock = original.call(this, owner);
      const afterPoll = (run: () => void): (() => void) => {
        run();
        return () => {};
      };
      return { ...clock, afterPoll };
    },
);

/** 5.10: the first beat comes a whole interval after the opening, for everybody. */
export const beatsInStep: Plant = replace(
  BeatSchedule,
  "set",
  (original) =>
    function (intervalMs, style, dueAt, _random, now) {
      original.call(this, intervalMs, style, dueAt, { next: () => 0.999 }, now);
    },
);

/** 5.11: a pause of our own reading is not known to whoever judges silence. */
export const pauseIgnored: Plant = replace(LivenessMonitor, "pause", () => () => undefined);
