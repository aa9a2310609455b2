/**
 * Rule 5.10: first beats are spread over the interval, so that those who came together do not beat
 * together.
 *
 * Each connection gives one sample: where in the interval, counted from the opening, its first ping
 * was written. Drawn evenly, a tenth of them lies in each tenth of the interval. Where there are 30
 * and more than 60 % share one tenth, they are no draw (the chance of that is below 1e-9). Only
 * connections count that outlived the interval, since those that died sooner would all show early
 * pings; and none whose host was in trouble, paused or was told to make sure of its peer.
 */
import type { EndTruth } from "../end-truth.ts";
import type { FaultKind } from "../sim-event.ts";
import type { MakeChecker } from "../world-view.ts";
import { toldChecker } from "./told-checker.ts";

const SAMPLES_MIN = 30;
const SHARE_MAX = 0.6;
const TENTHS = 10;

const DISTURBING: ReadonlySet<FaultKind> = new Set([
  "stall",
  "late-alarms",
  "freeze",
  "suspend",
  "wall-step",
  "network-switch",
  "slow-reader",
]);

interface Sample {
  readonly end: EndTruth;
  readonly tenth: number;
  readonly countsFromMs: number;
}

export const phaseSpread: MakeChecker = toldChecker("phase-spread", ({ truth, terms, report }) => {
  const openedAtMs: Map<EndTruth, number> = new Map();
  let waiting: Sample[] = [];
  const tenths: number[] = Array.from({ length: TENTHS }, () => 0);
  return {
    onEvent(event): void {
      if (!("side" in event) || event.side !== "client") return;
      const end = truth.end(event);
      if (end === undefined) return;
      if (event.what === "phase" && event.to === "open") openedAtMs.set(end, event.atMs);
      if (event.what === "flow-closed") openedAtMs.delete(end);
      if (event.what !== "wrote" || end.pings !== 1) return;
      const ping = end.saidNow.find(({ said }) => said === "ping");
      const openMs = openedAtMs.get(end);
      const own = terms.link(end.host)?.terms;
      if (ping === undefined || openMs === undefined || own === undefined) return;
      openedAtMs.delete(end);
      if (own.adapts) return; // What HELLO promised is another interval on each connection.
      const announcedMs = "nextMs" in ping && ping.nextMs > 0 ? ping.nextMs : own.intervalMs;
      const intervalMs = Math.min(own.intervalMs, announcedMs);
      const tenth = Math.floor(((event.atMs - openMs) / intervalMs) * TENTHS);
      const countsFromMs = openMs + intervalMs * 1.05;
      waiting.push({ end, tenth: Math.max(0, Math.min(TENTHS - 1, tenth)), countsFromMs });
    },
    onLook(view): void {
      const ripe = waiting.filter(({ countsFromMs }) => countsFromMs <= view.nowMs);
      waiting = waiting.filter(({ countsFromMs }) => countsFromMs > view.nowMs);
      for (const { end, tenth } of ripe) {
        const troubles = truth.touching(end.host, DISTURBING, end.openedAtMs, view.nowMs);
        if (end.isWatched && troubles.length === 0) tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      const all = tenths.reduce((sum, count) => sum + count, 0);
      const most = Math.max(...tenths);
      if (all < SAMPLES_MIN || most <= SHARE_MAX * all) return;
      const where = tenths.indexOf(most);
      const sentence = `${most} of ${all} first beats came in tenth ${where + 1} of the interval`;
      report("burst", view.nowMs, sentence);
    },
  };
});
