/**
 * Promise 3, as a whole: when the faults are over, every link that did not end for a good reason
 * comes back, and stays.
 *
 * Within what time: what is half open has to be found dead first (the detection bound), or a dial
 * that was begun before has to fail (one attempt deadline); then comes one wait (the cap, or the
 * server's window or order if that is more) and one attempt. Path and process are sound by then, so
 * the next attempt succeeds. A server that had no room, or was about to go, may have sent the link
 * away just before; its order is in the wait.
 *
 * A good reason is the application's wish, a budget that was configured, or words that this link
 * and this server cannot agree on. That frames of ours are not understood is none.
 */
import type { ErrorCode } from "../../base/errors.ts";
import type { SimEvent } from "../sim-event.ts";
import type { MakeChecker } from "../world-view.ts";
import { isOnline, LinkBook, type LinkStory } from "./link-book.ts";
import { type CheckerTools, toldChecker } from "./told-checker.ts";

const ANSWER_MS_MAX = 15_000;
const WINDOW_MS = 5_000;
/** Alarms, round trips, and what a server needs to know of its peers' deaths before it has room. */
const SLACK_MS = 5_000;

const BAD_REASONS: ReadonlySet<ErrorCode> = new Set([
  "FRAME_INVALID",
  "HELLO_INVALID",
  "VERSION_UNSUPPORTED",
]);

export const healed: MakeChecker = toldChecker("healed", (tools) => {
  const { truth, view, report } = tools;
  const book = new LinkBook(view);
  const ended = new Set<string>();
  const wentAtMs: Map<string, number> = new Map();
  const onStatus = (event: SimEvent & { what: "status" }): void => {
    const story = book.take(event);
    if (story === undefined || !isOnline(story.before) || isOnline(event.status)) return;
    wentAtMs.set(event.link, event.atMs);
  };
  return {
    onEvent(event): void {
      if (event.what === "status") onStatus(event);
      if (event.what !== "link-end") return;
      ended.add(event.link);
      if (!BAD_REASONS.has(event.record.code)) return;
      const sentence = `${event.link} ended with ${event.record.code}: ${event.record.sentence}`;
      report(`reason/${event.link}`, event.atMs, sentence);
    },
    onLook(now): void {
      const { healedAtMs } = truth;
      if (healedAtMs === undefined) return;
      for (const link of now.links) {
        const story = book.stories.get(link.name);
        if (story === undefined || ended.has(link.name) || isOnline(link.status)) continue;
        const allowedMs = backWithinMs(tools, story);
        // Who was back, and left because the application went too far, has to come back as soon.
        const fromMs = Math.max(healedAtMs, wentAtMs.get(link.name) ?? 0);
        if (now.nowMs <= fromMs + allowedMs) continue;
        const since = Math.round(now.nowMs - fromMs);
        const sentence = `${link.name} is "${link.status.name}" ${since} ms after all was well`;
        report(`back/${link.name}`, now.nowMs, sentence);
      }
    },
  };
});

function backWithinMs({ truth }: CheckerTools, { host, terms }: LinkStory): number {
  const flow = truth.dialled.get(host);
  const { capMs, attemptTimeoutMs } = terms.redial;
  const intervalMs = Math.max(terms.intervalMs, flow?.client?.announcedMsMax ?? 0);
  const answerMs = terms.answerWithinMs === false ? ANSWER_MS_MAX : terms.answerWithinMs;
  const detectMs = intervalMs + Math.max(answerMs, terms.drainTimeoutMs);
  const windowMs = flow?.reconnectWindowMs ?? WINDOW_MS;
  const waitMs = Math.max(capMs, windowMs, flow?.goAway?.mostMs ?? 0);
  return Math.max(detectMs, attemptTimeoutMs) + waitMs + attemptTimeoutMs + SLACK_MS;
}
