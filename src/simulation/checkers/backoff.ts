/**
 * Promise 3: waits stay inside their cap, grow, and are not reset by a peer that flaps; attempts
 * are counted and end where they should.
 *
 * The cap of a wait is `baseMs * factor ** n`, at most `capMs`; after an end the window that the
 * server announced (without one 5 s) if that is more; a GOAWAY that the server wrote on the latest
 * connection may ask for more. Exact, since both sides of the comparison come from the same draw.
 *
 * A dial comes no sooner than the wait says, unless the process had reason to believe that the
 * network or the machine came back: then the wait may be cut short. The count of attempts starts
 * again only after a connection that lived for `stableAfterMs`, counted here from its dial, which
 * is rather too long.
 */
import type { LinkStatus } from "../../client/status.ts";
import { delayCapMs } from "../../redial/backoff.ts";
import type { FlowTruth } from "../end-truth.ts";
import type { FaultKind, SimEvent } from "../sim-event.ts";
import type { MakeChecker } from "../world-view.ts";
import { isOnline, LinkBook, type LinkStory } from "./link-book.ts";
import { type CheckerTools, toldChecker } from "./told-checker.ts";

const DELAY_MS_MIN = 100;
const WINDOW_MS = 5_000;
const ORDER_MS_MAX = 600_000;
const ROUNDING_MS = 2;

const WAKES: ReadonlySet<FaultKind> = new Set([
  "stall",
  "late-alarms",
  "freeze",
  "suspend",
  "wall-step",
  "network-switch",
]);

export const backoff: MakeChecker = toldChecker("backoff", (tools) => {
  const book = new LinkBook(tools.view);
  return {
    onEvent(event): void {
      if (event.what === "status") onStatus(tools, book, event);
      if (event.what === "link-end") onLinkEnd(tools, book, event);
    },
  };
});

function onStatus(tools: CheckerTools, book: LinkBook, event: SimEvent & { what: "status" }): void {
  const waitedSinceMs = book.stories.get(event.link)?.sinceMs;
  const story = book.take(event);
  if (story === undefined) return;
  const { status } = event;
  if (status.name === "waiting") checkWait(tools, story, status, event.atMs);
  if (status.name === "connecting") {
    checkDial(tools, story, status, waitedSinceMs ?? 0, event.atMs);
  }
}

type Waiting = LinkStatus & { name: "waiting" };
type Connecting = LinkStatus & { name: "connecting" };

function checkWait(tools: CheckerTools, story: LinkStory, wait: Waiting, atMs: number): void {
  const { truth, report } = tools;
  const { name, host, terms, before } = story;
  if (before?.name === "waiting") return; // Cut short: what is left of the same wait.
  const flow = truth.dialled.get(host);
  const wasOnline = isOnline(before);
  const mostMs = mostWaitMs(terms.redial, wait.attempt, wasOnline, flow);
  if (wait.delayMs > mostMs) {
    const { attempt, delayMs } = wait;
    const sentence = `${name} waits ${delayMs} ms before attempt ${attempt}; at most ${mostMs}`;
    report(`most/${name}`, atMs, sentence);
  }
  // A server may name a window of 0: come back as you like.
  const capMs = Math.min(terms.redial.baseMs, flow?.reconnectWindowMs ?? terms.redial.baseMs);
  const leastMs = Math.min(DELAY_MS_MIN, capMs / 2);
  const isFree = flow?.goAway !== undefined || terms.redial.giveUpAfterMs !== false;
  if (!isFree && wait.delayMs < Math.floor(leastMs)) {
    report(`least/${name}`, atMs, `${name} waits only ${wait.delayMs} ms; at least ${leastMs}`);
  }
  checkCount(tools, story, wait, wasOnline, atMs);
}

function mostWaitMs(
  redial: LinkStory["terms"]["redial"],
  attempt: number,
  wasOnline: boolean,
  flow: FlowTruth | undefined,
): number {
  let mostMs = delayCapMs(redial, Math.max(0, attempt - 2));
  if (wasOnline) {
    const windowMs = flow?.reconnectWindowMs ?? Math.min(WINDOW_MS, redial.capMs);
    mostMs = Math.max(mostMs, Math.min(windowMs, ORDER_MS_MAX));
  }
  return Math.max(mostMs, Math.min(flow?.goAway?.mostMs ?? 0, 2 * ORDER_MS_MAX));
}

/** The next attempt is one more than the last, or the first after a connection that lasted. */
function checkCount(
  { report }: CheckerTools,
  story: LinkStory,
  wait: Waiting,
  wasOnline: boolean,
  atMs: number,
): void {
  const { name, terms, before, dialledAtMs } = story;
  if (before === undefined || dialledAtMs === undefined) return;
  const { stableAfterMs, attemptsMax } = terms.redial;
  if (attemptsMax !== false && wait.attempt > attemptsMax + 1) {
    report(`max/${name}`, atMs, `${name} plans attempt ${wait.attempt} of ${attemptsMax}`);
  }
  if (before.name === "connecting" && wait.attempt !== before.attempt + 1) {
    const sentence = `${name} counts attempt ${wait.attempt} after attempt ${before.attempt}`;
    report(`count/${name}`, atMs, sentence);
  }
  const livedMs = atMs - dialledAtMs;
  if (wasOnline && wait.attempt === 1 && livedMs < stableAfterMs - ROUNDING_MS) {
    const lived = Math.round(livedMs);
    const sentence = `${name} starts its count anew after a connection of ${lived} ms`;
    report(`reset/${name}`, atMs, sentence);
  }
}

function checkDial(
  { truth, report }: CheckerTools,
  story: LinkStory,
  dial: Connecting,
  waitedSinceMs: number,
  atMs: number,
): void {
  const { name, host, before, terms } = story;
  const { attemptsMax } = terms.redial;
  if (attemptsMax !== false && dial.attempt > attemptsMax) {
    report(`max/${name}`, atMs, `${name} makes attempt ${dial.attempt} of ${attemptsMax}`);
  }
  if (before !== undefined && before.name !== "waiting") {
    report(`unasked/${name}`, atMs, `${name} dials without a wait, after "${before.name}"`);
  }
  if (before?.name !== "waiting") return;
  if (dial.attempt !== before.attempt) {
    const sentence = `${name} planned attempt ${before.attempt} and makes ${dial.attempt}`;
    report(`count/${name}`, atMs, sentence);
  }
  const waitedMs = atMs - waitedSinceMs;
  if (waitedMs >= before.delayMs - ROUNDING_MS) return;
  if (truth.touching(host, WAKES, waitedSinceMs, atMs).length > 0) return;
  const sentence = `${name} dials after ${Math.round(waitedMs)} of ${before.delayMs} ms`;
  report(`early/${name}`, atMs, sentence);
}

function onLinkEnd(
  { report }: CheckerTools,
  book: LinkBook,
  { link, record, atMs }: SimEvent & { what: "link-end" },
): void {
  const redial = book.stories.get(link)?.terms.redial;
  if (redial === undefined) return;
  const { attemptsMax, giveUpAfterMs } = redial;
  const isWrong =
    (record.code === "REDIAL_EXHAUSTED" &&
      (attemptsMax === false || record.attempts < attemptsMax)) ||
    (record.code === "GAVE_UP" && giveUpAfterMs === false);
  if (!isWrong) return;
  const sentence = `${link} gave up with ${record.code} after ${record.attempts} attempts`;
  report(`gave-up/${link}`, atMs, sentence);
}
