/** The near host of a run: the clients of all contestants. Says "open" and "ended". */
import type { ClientEnd, ContestantId } from "../contestants/contestant.ts";
import { allContestants } from "../contestants/contestant-list.ts";
import { listenerOf, obey, takeTask } from "./orders.ts";

const { host, options, ports = {} } = takeTask();
const ends = new Map<ContestantId, ClientEnd>();
for (const [id, contestant] of allContestants()) {
  ends.set(id, contestant.dial(host, ports[id] ?? 0, options, listenerOf(id)));
}
obey(ends);
