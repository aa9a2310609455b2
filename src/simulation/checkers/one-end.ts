/**
 * Promise 6 and rule 5.7: each machine ends once, says nothing afterwards, and a dead connection is
 * given up at once, by a reset where there is TCP.
 *
 * "At once": in the same simulated millisecond as the end. Whoever blames the peer or the network
 * must not leave the kernel holding what nobody will read. At the end of the run no machine is
 * left, except those whose process or host was taken away, which had no chance to say anything.
 *
 * A page has no reset: it closes its WebSocket, and its browser has a minute to let go; so by the
 * end of the run nothing of a page is held. (That it is closed at once is seen by not-latched.) And
 * a page that gives up its link while it is greeted has no connection yet of which it could tell.
 */
import type { EndRecord } from "../../connection/end-record.ts";
import type { EndTruth } from "../end-truth.ts";
import type { SimEvent } from "../sim-event.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

/** Ends in which nobody is left to talk to. */
const DEAD: ReadonlySet<string> = new Set(["PEER_SILENT", "PEER_TAKES_NOTHING"]);

export const oneEnd: MakeChecker = toldChecker("one-end", (tools) => {
  const ends = new Ends(tools);
  return {
    onEvent: (event) => ends.onEvent(event),
    onOver: (view) => ends.onOver(view),
  };
});

class Ends {
  readonly #tools: CheckerTools;
  readonly #ended: Set<string> = new Set();
  /** Died in the present millisecond; judged when the next one begins. */
  #died: { readonly end: EndTruth; readonly record: EndRecord; readonly atMs: number }[] = [];

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEvent(event: SimEvent): void {
    if (this.#died.length > 0) this.#checkResets(event.atMs);
    if (event.what === "end") this.#onEnd(event);
    if (event.what === "phase" || event.what === "verdict") {
      const isOwn = event.what === "phase" ? event.to === "ended" : event.verdict === "dead";
      const key = `${event.flow}/${event.side}`;
      if (!isOwn && this.#ended.has(key)) {
        const sentence = `${nameOf(event)} told a ${event.what} after its end`;
        this.#tools.report(`after/${key}`, event.atMs, sentence);
      }
    }
  }

  onOver(view: WorldView): void {
    this.#checkResets(Number.POSITIVE_INFINITY);
    for (const flow of this.#tools.truth.flows.values()) {
      for (const end of [flow.client, flow.server]) {
        if (end === undefined || !end.isMachine || end.closedHow === "process-gone") continue;
        const isPage = this.#isPage(end);
        if (isPage && end.isOpen && end.record !== undefined) {
          const sentence = `${nameOf(end)} at ${end.host} is still held by its browser`;
          this.#tools.report(`held/${end.flow}/${end.side}`, view.nowMs, sentence);
        }
        if (end.record !== undefined || (isPage && isGivenUp(view, end))) continue;
        if (view.machine(end.flow, end.side) === undefined && end.isOpen) continue;
        const sentence = `${nameOf(end)} at ${end.host} never ended, phase "${end.phase}"`;
        this.#tools.report(`never/${end.flow}/${end.side}`, view.nowMs, sentence);
      }
    }
  }

  #onEnd(event: SimEvent & { what: "end" }): void {
    const { truth, report } = this.#tools;
    const key = `${event.flow}/${event.side}`;
    if (this.#ended.has(key)) report(`twice/${key}`, event.atMs, `${nameOf(event)} ended twice`);
    this.#ended.add(key);
    const end = truth.end(event);
    if (end === undefined || !DEAD.has(event.record.code) || this.#isPage(end)) return;
    this.#died.push({ end, record: event.record, atMs: event.atMs });
  }

  #isPage({ host, side }: EndTruth): boolean {
    return side === "client" && this.#tools.terms.link(host)?.terms.isPage === true;
  }

  #checkResets(nowMs: number): void {
    const due = this.#died.filter(({ atMs }) => atMs < nowMs);
    if (due.length === 0) return;
    this.#died = this.#died.filter(({ atMs }) => atMs >= nowMs);
    for (const { end, record, atMs } of due) {
      const isAtOnce = end.closedAtMs !== undefined && end.closedAtMs <= atMs;
      const isReset = end.closedHow !== "closed";
      if (isAtOnce && isReset) continue;
      const what = isAtOnce ? "was closed without a reset" : "was still held by the kernel";
      const sentence = `${nameOf(end)} at ${end.host} ended with ${record.code} and ${what}`;
      this.#tools.report(`held/${end.flow}/${end.side}`, atMs, sentence);
    }
  }
}

/** The link ended before that connection was one. */
function isGivenUp({ links }: WorldView, { host, phase }: EndTruth): boolean {
  const hasEnded = links.some((link) => link.host === host && link.status.name === "ended");
  return hasEnded && phase === "greeting";
}
