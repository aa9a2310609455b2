/**
 * Promise 8: what is kept for a peer is bounded.
 *
 * Judged by looking: a server's sum by its one budget, a link's outbox by `outboxBytesMax`, what is
 * held of unfinished input by the longest message or line plus one frame. Each limit is exact,
 * since it is kept in the same step in which something is added.
 */
import type { Driven } from "../../driver/driven.ts";
import type { EndTruth } from "../end-truth.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

const FRAME_BYTES = 64 * 1024 + 4;

export const buffers: MakeChecker = toldChecker("buffers", (tools) => {
  const onLook = (view: WorldView): void => {
    checkServers(tools, view);
    checkPages(tools, view);
    for (const flow of tools.truth.flows.values()) {
      for (const end of [flow.client, flow.server]) {
        if (end?.isWatched !== true) continue;
        const machine = view.machine(end.flow, end.side);
        if (machine !== undefined) checkMachine(tools, view, end, machine);
      }
    }
  };
  return { onLook, onOver: onLook };
});

function checkServers(tools: CheckerTools, view: WorldView): void {
  for (const { host, bufferedBytes, terms } of view.servers) {
    if (bufferedBytes <= terms.bufferBytesTotalMax) continue;
    const most = terms.bufferBytesTotalMax;
    const sentence = `${host} buffers ${bufferedBytes} bytes; ${most} are allowed`;
    tools.report(`server/${host}`, view.nowMs, sentence);
  }
}

/** Of a page that much can be seen; what it holds of a message that came in part cannot. */
function checkPages(tools: CheckerTools, view: WorldView): void {
  for (const { name, terms, outboxBytes } of view.links) {
    if (outboxBytes === undefined || outboxBytes <= terms.outboxBytesMax) continue;
    const sentence = `${name} queues ${outboxBytes} bytes; ${terms.outboxBytesMax} are allowed`;
    tools.report(`outbox/${name}`, view.nowMs, sentence);
  }
}

function checkMachine(tools: CheckerTools, view: WorldView, end: EndTruth, driven: Driven): void {
  const { config, outboxBytes, heldBytes } = driven.look();
  const key = `${end.flow}/${end.side}`;
  if (outboxBytes > config.outboxBytesMax) {
    const most = config.outboxBytesMax;
    const sentence = `${nameOf(end)} queues ${outboxBytes} bytes; ${most} are allowed`;
    tools.report(`outbox/${key}`, view.nowMs, sentence);
  }
  const inputBytes = heldBytes - outboxBytes;
  const mostBytes = Math.max(config.messageBytesMax, config.lineBytesMax) + FRAME_BYTES;
  if (inputBytes <= mostBytes) return;
  const sentence = `${nameOf(end)} holds ${inputBytes} bytes of input; ${mostBytes} are allowed`;
  tools.report(`input/${key}`, view.nowMs, sentence);
}
