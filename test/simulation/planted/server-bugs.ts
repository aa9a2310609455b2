/** Mistakes against rules 5.6 to 5.9 of the design: crowds, resets, the kernel and the budget. */
import { MassExpiry } from "../../../src/liveness/mass-expiry.ts";
import { PingBudget } from "../../../src/liveness/ping-budget.ts";
import { SimProcess } from "../../../src/simulation/sim-process.ts";
import { SimTransport } from "../../../src/simulation/sim-transport.ts";
import { type Plant, replace } from "./planting.ts";

/** 5.6: whoever expires dies, however many they are. */
export const crowdsDie: Plant = replace(MassExpiry, "judge", () => () => "dead");

/** 5.7: a dead connection is closed politely, so that the kernel keeps what nobody will read. */
export const closedPolitely: Plant = replace(
  SimTransport,
  "reset",
  () =>
    function () {
      this.close();
      return true;
    },
);

/** 5.8: the kernel's user timeout is shorter than the patience with slow readers. */
export const impatientKernel: Plant = replace(
  SimProcess,
  "listen",
  (original) =>
    function (kernel: Parameters<SimProcess["listen"]>[0], owner) {
      return original.call(this, { ...kernel, userTimeoutMs: 4_000 }, owner);
    },
);

/** 5.9: every ping is answered. */
export const everyPingAnswered: Plant = replace(PingBudget, "ping", () => () => "answer");
