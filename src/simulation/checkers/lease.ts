/**
 * Rules 5.1, 5.2 and 5.11: who announced `nextMs` speaks within it.
 *
 * Judged by the bytes that links write: after each write, the next one must follow within what was
 * announced *before* it. So a longer gap that is used before a ping announced it is found, and so
 * is a side that falls silent while it does not read. The first gap counts from when the connection
 * opened, since a client may not speak between HELLO and WELCOME.
 *
 * Tolerance: a tick, two unnoticed latenesses, our own measured lateness; a second after a sleep of
 * our process, over which such beats are spread; and while an answer is missing no interval is
 * shorter than a second. What the kernel does not take cannot be said, so a gap that began with a
 * refused write does not count. In the line dialect nothing is announced; there the configured
 * interval is the promise.
 */
import type { EndTruth } from "../end-truth.ts";
import type { SimEvent } from "../sim-event.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

const UNANSWERED_MS = 1_000;
const WAKE_SPREAD_MS = 1_000;
const TICKS_MS = 50;

export const lease: MakeChecker = toldChecker("lease", (tools) => {
  const watch = new LeaseWatch(tools);
  return {
    onEvent: (event) => watch.onEvent(event),
    onLook: (view) => watch.onLook(view),
  };
});

interface Promised {
  readonly sinceMs: number;
  /** 0: nothing was promised. */
  readonly nextMs: number;
}

class LeaseWatch {
  readonly #tools: CheckerTools;
  readonly #promises: Map<EndTruth, Promised> = new Map();

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEvent(event: SimEvent): void {
    if (event.what === "wrote" && event.side === "client") this.#onWrote(event);
    if (event.what === "phase" && event.side === "client") this.#onPhase(event);
    if (event.what === "flow-closed" || event.what === "end") {
      const end = this.#tools.truth.end(event);
      if (end !== undefined) this.#promises.delete(end);
    }
  }

  onLook(view: WorldView): void {
    for (const [end, promise] of this.#promises) this.#judge(end, promise, view.nowMs);
  }

  #onWrote(event: SimEvent & { what: "wrote" }): void {
    const end = this.#tools.truth.end(event);
    if (end === undefined) return;
    const promise = this.#promises.get(end);
    if (promise !== undefined) this.#judge(end, promise, event.atMs);
    if (end.phase !== "open" || !end.isWatched) return;
    if (end.isRefused) this.#promises.delete(end);
    else this.#promise(end, event.atMs);
  }

  #onPhase(event: SimEvent & { what: "phase" }): void {
    const end = this.#tools.truth.end(event);
    if (end === undefined) return;
    // Of a page that is told at the end of its step, after what it wrote in it.
    if (event.to === "open" && !end.isRefused) this.#promise(end, event.atMs);
    else this.#promises.delete(end); // The last word is near, and bounded by other rules.
  }

  #promise(end: EndTruth, sinceMs: number): void {
    const link = this.#tools.terms.link(end.host);
    if (link === undefined) return;
    const isFrame = link.terms.dialect === "frame";
    const nextMs = isFrame ? end.announcedMs : link.terms.intervalMs;
    this.#promises.set(end, { sinceMs, nextMs });
  }

  #judge(end: EndTruth, { sinceMs, nextMs }: Promised, atMs: number): void {
    const { truth, view, terms, report } = this.#tools;
    const own = terms.link(end.host)?.terms;
    if (nextMs === 0 || own === undefined || end.phase !== "open") return;
    const gapMs = atMs - sinceMs;
    const promisedMs = Math.max(nextMs, UNANSWERED_MS);
    const slackMs = TICKS_MS + 2 * own.stallToleranceMs;
    if (gapMs <= promisedMs + slackMs) return;
    const troubleMs = truth.troubleEndMs(end.host, sinceMs);
    if (troubleMs !== undefined && troubleMs >= atMs) return;
    const lateMs = view.latenessMs(end.host, sinceMs, atMs);
    const wakeMs = troubleMs === undefined ? 0 : WAKE_SPREAD_MS;
    const mostMs = promisedMs + slackMs + lateMs + wakeMs;
    if (gapMs <= mostMs) return;
    const sentence =
      `${nameOf(end)} at ${end.host} promised to speak within ${nextMs} ms ` +
      `and did not for ${Math.round(gapMs)} ms`;
    report(`${end.flow}`, atMs, sentence);
  }
}
