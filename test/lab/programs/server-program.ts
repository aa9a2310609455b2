/** The far host of a run: the servers of all contestants. Says "listening", "open", "ended". */
import type { ContestantId, ServerEnd } from "../contestants/contestant.ts";
import { allContestants } from "../contestants/contestant-list.ts";
import { listenerOf, obey, say, takeTask } from "./orders.ts";

const { host, options } = takeTask();
const ends = new Map<ContestantId, ServerEnd>();
for (const [id, contestant] of allContestants()) {
  ends.set(id, await contestant.serve(host, options, listenerOf(id)));
}
say("listening", { ports: Object.fromEntries([...ends].map(([id, { port }]) => [id, port])) });
obey(ends);
