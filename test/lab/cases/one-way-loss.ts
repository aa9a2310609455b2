/**
 * One direction is lost. Who hears nothing finds it within its own bound, and its reset, which
 * passes, tells the other.
 *
 * A client that is not heard goes on hearing a frame server, which asks it before giving it up: so
 * the bound of that server is the client's, too. A line server says nothing of itself.
 */
import { boundOf, type Dialect, type Side } from "../bounds.ts";
import { deed, type Expectation, type LabCase, STANDARD, within } from "./lab-case.ts";

export const ONE_WAY_LOSS: readonly LabCase[] = [
  {
    id: "lost-towards-client",
    title: "all lost towards the client, nothing the other way",
    options: STANDARD,
    needs: [],
    fault: deed(({ network }) => network.loseTowardsNear()),
    expects: (side, dialect) =>
      side === "client" ? within(side, dialect, STANDARD) : toldBy("client", dialect),
  },
  {
    id: "lost-towards-server",
    title: "all lost towards the server, nothing the other way",
    options: STANDARD,
    needs: [],
    fault: deed(({ network }) => network.loseTowardsFar()),
    expects: (side, dialect) =>
      side === "client" && dialect === "frame"
        ? toldBy("server", dialect)
        : within(side, dialect, STANDARD),
  },
];

function toldBy(deaf: Side, dialect: Dialect): Expectation {
  const codes = ["PEER_RESET", "PEER_SILENT"] as const;
  return { is: "found", bound: boundOf(deaf, dialect, STANDARD), since: "fault", codes };
}
