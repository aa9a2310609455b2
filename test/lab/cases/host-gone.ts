/** The host of the server loses its interface: its program runs on, and nobody can reach it. */
import { deed, type LabCase, STANDARD, within } from "./lab-case.ts";

export const HOST_GONE: LabCase = {
  id: "host-gone",
  title: "host of the server gone from the network",
  options: STANDARD,
  needs: [],
  fault: deed(({ network }) => network.unplugFar()),
  expects: (side, dialect) => within(side, dialect, STANDARD),
};
