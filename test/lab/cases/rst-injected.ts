/**
 * The router answers each packet with a reset to its sender. A client learns of it by its next
 * ping. A server that has nothing to say learns nothing before its own bound.
 */
import { boundOf, nextPing } from "../bounds.ts";
import { deed, type LabCase, STANDARD, within } from "./lab-case.ts";

export const RST_INJECTED: LabCase = {
  id: "rst-injected",
  title: "router resets what passes",
  options: STANDARD,
  needs: ["nft"],
  fault: deed(({ network }) => network.rejectFlows()),
  expects: (side, dialect) => {
    const since = "fault";
    const codes = ["PEER_RESET"] as const;
    if (side === "client") return { is: "found", bound: nextPing(STANDARD), since, codes };
    // A frame peer is asked before it is given up, and the reset answers that.
    if (dialect === "frame") {
      return { is: "found", bound: boundOf(side, dialect, STANDARD), since, codes };
    }
    return within(side, dialect, STANDARD);
  },
};
