/**
 * Promise 3: a link that has not ended always has exactly one thing that moves it on.
 *
 * - waiting: one alarm of its own, no dial, no connection, and not longer than it says;
 * - connecting: the alarm of the attempt's deadline, at most one dial or connection, and not longer
 *   than that deadline;
 * - online: no alarm of its own, no dial, exactly one connection (a page's one alarm is for all,
 *   and that it was closed waits behind the messages that its application has yet to take);
 * - ended: nothing.
 *
 * Connections are counted as the process holds them; what a kernel still delivers after an orderly
 * close is not the link's, and neither is a WebSocket that the page closed and looks at no more.
 * Moments in between exist: an alarm that rang and lets input be read first, a link that says
 * goodbye. So what is wrong counts only if it is found twice in a row during the same status, and
 * not while the process itself is in trouble.
 */
import { LATE_MS_MAX } from "../ground-truth.ts";
import type { FaultKind } from "../sim-event.ts";
import type { LinkView, MakeChecker, WorldView } from "../world-view.ts";
import { isOnline, LinkBook } from "./link-book.ts";
import { type CheckerTools, toldChecker } from "./told-checker.ts";

/** What is set in the course of it rings late, and is not known to be late before it rings. */
const LATE: ReadonlySet<FaultKind> = new Set(["late-alarms"]);
/** Two alarms and a pass of reading; five seconds of true time between looks come on top. */
const SLACK_MS = 1_500;

export const notLatched: MakeChecker = toldChecker("not-latched", (tools) => {
  const book = new LinkBook(tools.view);
  const suspects: Map<string, string> = new Map();
  return {
    onEvent(event): void {
      if (event.what !== "status") return;
      book.take(event);
      suspects.delete(event.link);
    },
    onLook(view): void {
      for (const link of view.links) {
        const why = isInTrouble(tools, link) ? undefined : whatIsWrong(tools, view, book, link);
        const before = suspects.get(link.name);
        if (why === undefined) suspects.delete(link.name);
        else suspects.set(link.name, why);
        if (why === undefined || why !== before) continue;
        const sentence = `${link.name} is "${link.status.name}" and ${why}`;
        tools.report(link.name, view.nowMs, sentence);
      }
    },
  };
});

function isInTrouble({ truth }: CheckerTools, { host }: LinkView): boolean {
  const endMs = truth.troubleEndMs(host, truth.nowMs - SLACK_MS);
  return endMs !== undefined;
}

function whatIsWrong(
  tools: CheckerTools,
  view: WorldView,
  book: LinkBook,
  link: LinkView,
): string | undefined {
  const { status, alarmsArmed, dialsUnderWay, flowsOpen } = link;
  const counts = `has ${alarmsArmed} alarms, ${dialsUnderWay} dials, ${flowsOpen} connections`;
  const open = dialsUnderWay + flowsOpen;
  if (status.name === "ended") return alarmsArmed + open === 0 ? undefined : counts;
  if (isOnline(status)) {
    const alarms = link.terms.isPage ? 1 : 0;
    const isOpen = flowsOpen === 1 || (flowsOpen === 0 && mayHaveUnread(link));
    return alarmsArmed === alarms && dialsUnderWay === 0 && isOpen ? undefined : counts;
  }
  const mostOpen = status.name === "waiting" ? 0 : 1;
  if (alarmsArmed !== 1 || open > mostOpen) return counts;
  const story = book.stories.get(link.name);
  if (story === undefined) return undefined;
  const { attemptTimeoutMs } = link.terms.redial;
  const allowedMs = status.name === "waiting" ? status.delayMs : attemptTimeoutMs;
  const lateMs = tools.view.latenessMs(link.host, story.sinceMs, view.nowMs);
  const setLate = tools.truth.touching(link.host, LATE, story.sinceMs, story.sinceMs).length > 0;
  const slackMs = SLACK_MS + (setLate ? LATE_MS_MAX : 0);
  const isOverdue = view.nowMs > story.sinceMs + allowedMs + lateMs + slackMs;
  return isOverdue ? `has been for longer than ${allowedMs} ms` : undefined;
}

function mayHaveUnread({ terms, behindSinceMs }: LinkView): boolean {
  return terms.isPage && behindSinceMs !== undefined;
}
