/**
 * Rule 5.8: the kernel is the second line. It ends no connection whose peer is there and takes
 * output slowly, or not for the moment, before our own rules do.
 *
 * Found when a kernel gave a flow up by its timeout while our machine was open, the other end was
 * there with its process running, and the flow was not lost on the way. Dead paths are excused by
 * what they leave: the other kernel acknowledged nothing for as long as the timeout lasts. A peer
 * that does not read still answers probes of its shut window, so its end counts as there if bytes
 * wait unread in its kernel; but not if the path between the two was cut or lossy meanwhile.
 */
import type { FaultKind } from "../sim-event.ts";
import type { MakeChecker } from "../world-view.ts";
import { nameOf, toldChecker } from "./told-checker.ts";

const CUTS: ReadonlySet<FaultKind> = new Set([
  "outage",
  "one-way-loss",
  "partition",
  "packet-loss",
  "network-switch",
]);

export const kernelLine: MakeChecker = toldChecker("kernel-line", ({ truth, terms, report }) => ({
  onEvent(event): void {
    if (event.what !== "flow-closed" || event.how !== "kernel-timeout") return;
    const end = truth.end(event);
    const peer = truth.peer(event);
    if (end === undefined || peer === undefined) return;
    const own = event.side === "client" ? terms.link(event.host)?.terms : terms.server(event.host);
    if (own === undefined || !end.isMachine || end.record !== undefined) return;
    if (end.phase !== "open" || !peer.isOpen) return;
    if (truth.flows.get(event.flow)?.lostAtMs !== undefined) return;
    const isReadSlowly = peer.unreadSinceMs !== undefined;
    const ackedAtMs = end.ackedAtMs ?? end.openedAtMs;
    const isMoving = event.atMs - ackedAtMs < own.drainTimeoutMs / 2;
    if (!isMoving && !isReadSlowly) return;
    if (truth.troubleEndMs(peer.host, event.atMs - own.drainTimeoutMs) !== undefined) return;
    const host = event.side === "client" ? event.host : peer.host;
    if (truth.touching(host, CUTS, ackedAtMs, event.atMs).length > 0) return;
    const sentence =
      `${nameOf(event)} at ${event.host} was ended by its kernel, ` +
      `while its peer ${isReadSlowly ? "had yet to read what came" : "took output"}`;
    report(`${event.flow}`, event.atMs, sentence);
  },
}));
