/**
 * Rule 5.6: of very many connections that expire together, only those may die unheld that expired
 * before there were many: at most 50, or 2 % of all, within one answer time.
 *
 * Counted over a sliding window by the end records of servers, which say whether a verdict was held
 * once. The window is the shortest answer time where it is measured. Two more are granted, for
 * those in whose own ticks the threshold was just about to be crossed.
 */
import type { MakeChecker } from "../world-view.ts";
import { serverView, toldChecker } from "./told-checker.ts";

const SHARE_MAX = 0.02;
const COUNT_MIN = 50;
const EDGE = 2;
const ANSWER_MS_MIN = 5_000;

export const massExpiry: MakeChecker = toldChecker("mass-expiry", ({ view, terms, report }) => {
  const deaths: Map<string, number[]> = new Map();
  return {
    onEvent(event): void {
      if (event.what !== "end" || event.side !== "server") return;
      const { host, atMs, record } = event;
      if (record.code !== "PEER_SILENT" || record.evidence.heldForMassExpiry) return;
      const answerMs = terms.server(host)?.answerWithinMs ?? false;
      const windowMs = answerMs === false ? ANSWER_MS_MIN : answerMs;
      const recent = (deaths.get(host) ?? []).filter((diedMs) => diedMs > atMs - windowMs);
      recent.push(atMs);
      deaths.set(host, recent);
      if (recent.length <= COUNT_MIN) return;
      const live = (serverView(view, host)?.open ?? 0) + recent.length;
      const most = Math.max(COUNT_MIN, Math.ceil(SHARE_MAX * live)) + EDGE;
      if (recent.length <= most) return;
      const sentence = `${recent.length} of ${live} connections of ${host} died at once, none held`;
      report(`${host}/${Math.floor(atMs / windowMs)}`, atMs, sentence);
    },
  };
});
