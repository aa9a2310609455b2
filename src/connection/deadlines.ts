/** When a connection has to be woken, and what is due then. The order is that of importance. */
import { earliestOf, type Instant } from "../base/time.ts";
import type { Connection } from "./connection.ts";

export function nextDeadline(connection: Connection): Instant | undefined {
  const { farewell, handshake, heartbeat, input, output, reading } = connection;
  let at = earliestOf(output.deadline(), output.measureAt);
  if (farewell !== undefined) return earliestOf(farewell.dueAt, at);
  at = earliestOf(at, handshake.dueAt);
  at = earliestOf(at, heartbeat.deadline());
  at = earliestOf(at, input.deadline());
  at = earliestOf(at, input.ackDueAt);
  return earliestOf(at, reading.dueAt);
}

/** Called too early, or twice, it does nothing. */
export function meetDeadlines(connection: Connection, now: Instant): void {
  const { farewell, handshake, heartbeat, input, output, reading } = connection;
  if (output.takeMeasure(now)) connection.effects.push({ do: "measure" });
  if (farewell !== undefined) {
    const isOver = now >= farewell.dueAt || output.isStuck(now);
    if (isOver) connection.end(farewell.ending, undefined, now);
  } else if (handshake.isOver(now)) {
    handshake.onTimeout(now);
  } else if (reading.isOver(now)) {
    const detail = `no message was taken for ${connection.config.liveness.pauseMsMax} ms`;
    connection.resumeReading(now);
    connection.breakOff("READER_TOO_SLOW", detail, now);
  } else if (input.isStuck(now)) {
    connection.breakOff("UNFINISHED_TOO_LONG", "", now);
  } else if (output.isStuck(now)) {
    const ending = { code: "PEER_TAKES_NOTHING", by: "fault", detail: "" } as const;
    connection.end(ending, undefined, now);
  } else {
    heartbeat.answerCoalesced(now);
    connection.acknowledge(now, false);
    heartbeat.run(connection.effects, now);
  }
}
