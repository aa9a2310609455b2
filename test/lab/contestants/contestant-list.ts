/** All who take part in a run, by name. */
import { CONTESTANTS, type Contestant, type ContestantId } from "./contestant.ts";
import { holdfastContestant } from "./holdfast-contestant.ts";
import { NET_CONTESTANT } from "./net-contestant.ts";
import { WS_CONTESTANT } from "./ws-contestant.ts";

const BY_ID: Readonly<Record<ContestantId, Contestant>> = {
  "holdfast-frame": holdfastContestant("frame"),
  "holdfast-line": holdfastContestant("line"),
  net: NET_CONTESTANT,
  ws: WS_CONTESTANT,
};

export function allContestants(): readonly (readonly [ContestantId, Contestant])[] {
  return CONTESTANTS.map((id) => [id, BY_ID[id]] as const);
}
