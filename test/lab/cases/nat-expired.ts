/**
 * A NAT forgets the flow after a second of quiet, and throws away what comes for it later.
 *
 * A connection is forgotten in its first pause of a second, which is another moment for each; so
 * its end is timed from the last byte that was heard over it. `net` has no heartbeat that would
 * run into the gap: it is given a message for that.
 */
import { monotonicMs } from "../contestants/contestant.ts";
import { type LabCase, STANDARD, within } from "./lab-case.ts";

const PATIENT_S = 600;
const FORGETFUL_S = 1;
const MESSAGE_BYTES = 100;
const QUIET_MS = 4_000;

export const NAT_EXPIRED: LabCase = {
  id: "nat-expired",
  title: "NAT forgot the flow",
  options: STANDARD,
  needs: ["nft"],
  prepare: ({ network }) => network.translateAddresses(PATIENT_S),
  async fault(stage, pause) {
    const beganAtMs = monotonicMs();
    stage.network.forgetAfter(FORGETFUL_S);
    const faultAtMs = monotonicMs();
    // The new limit holds for a flow from its next packet on.
    stage.send(MESSAGE_BYTES);
    await pause(QUIET_MS);
    stage.send(MESSAGE_BYTES, "net");
    return { beganAtMs, faultAtMs };
  },
  expects: (side, dialect) => within(side, dialect, STANDARD, "last byte heard"),
};
