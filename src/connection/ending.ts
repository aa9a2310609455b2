/** How an end is named, and the evidence that is gathered for its record. */
import { type ErrorCode, isErrorCode, isHoldfastError } from "../base/errors.ts";
import { elapsedMs, type Instant } from "../base/time.ts";
import type { Connection } from "./connection.ts";
import type { EndedBy, EndEvidence, EndFacts } from "./end-record.ts";

export interface Ending {
  readonly code: ErrorCode;
  readonly by: EndedBy;
  readonly detail: string;
}

/**
 * What END says on the wire: why we leave, in a code that makes sense to the other side. It gets
 * back through `endingSaid`.
 */
export function wireCode(ending: Ending): ErrorCode {
  const { code } = ending;
  const isPlain = code === "CLOSED_HERE" || code === "ABORTED" || code === "PAGE_AWAY";
  return isPlain ? "CLOSED_BY_PEER" : code;
}

/** Codes that a peer may put into our record by END. Any other word means that it just closed. */
const SAYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  "CLOSED_BY_PEER",
  "DRAINED",
  "REPLACED",
  "READER_TOO_SLOW",
  "HANDSHAKE_TIMEOUT",
  "UNFINISHED_TOO_LONG",
  "LINE_TOO_LONG",
  "MESSAGE_RECEIVED_TOO_LONG",
  "FRAME_INVALID",
  "HELLO_INVALID",
  "VERSION_UNSUPPORTED",
  "WRONG_DIALECT",
  "PING_FLOOD",
  "CONNECTIONS_MAX",
  "ADDRESS_MAX",
  "ACCEPT_RATE",
  "HANDSHAKES_MAX",
  "OVERLOADED",
  "UNAUTHORIZED",
  "TURNED_AWAY",
]);

export function endingSaid(code: string): Ending {
  const known = isErrorCode(code) && SAYABLE.has(code) ? code : "CLOSED_BY_PEER";
  return { code: known, by: "peer", detail: "" };
}

/**
 * Names the end of a pipe that closed without a word of ours or the peer's. Transports that have a
 * protocol of their own name it themselves.
 */
export function ordinaryEnd(fault: Error | undefined): Ending {
  if (fault === undefined) return { code: "PEER_VANISHED", by: "fault", detail: "" };
  if (isHoldfastError(fault)) return { code: fault.code, by: "fault", detail: fault.message };
  const systemCode = "code" in fault && typeof fault.code === "string" ? fault.code : "";
  if (systemCode === "ECONNRESET" || systemCode === "EPIPE") {
    return { code: "PEER_RESET", by: "fault", detail: systemCode };
  }
  return { code: "TRANSPORT_FAILED", by: "fault", detail: systemCode || fault.name };
}

export function gatherEvidence(connection: Connection, now: Instant): EndEvidence {
  const { input, output, heartbeat } = connection;
  const { monitor } = heartbeat;
  const ping = monitor.outstanding;
  return {
    heardMsAgo: input.bytesIn === 0 ? undefined : elapsedMs(monitor.heardAt, now),
    spokeMsAgo: output.spokeAt === undefined ? undefined : elapsedMs(output.spokeAt, now),
    movedMsAgo: monitor.movedAt === undefined ? undefined : elapsedMs(monitor.movedAt, now),
    queuedBytes: output.outbox.bytes,
    unackedBytes: connection.unackedBytes,
    pingsOutstanding: ping === undefined ? 0 : 1,
    pingMsAgo: ping === undefined ? undefined : elapsedMs(ping.at, now),
    rttMs: monitor.estimator.latestMs,
    srttMs: monitor.estimator.srttMs,
    leaseMs: heartbeat.leaseMs,
    ourLatenessMs: monitor.shiftedMs,
    unreadMs: monitor.unreadMs,
    heldForMassExpiry: monitor.held,
    verdict: monitor.verdict,
    bytesIn: input.bytesIn,
    bytesOut: output.bytesOut,
    messagesIn: input.messagesIn,
    messagesOut: output.outbox.writtenCount,
    pingsIn: input.pingsIn,
    lastPingSeqIn: input.lastPingSeqIn,
    droppedAnswers: output.droppedAnswers,
  };
}

/** All there is to say at the end. Empties the outbox, which the evidence still counts. */
export function endFacts(
  connection: Connection,
  { code, by, detail }: Ending,
  cause: Error | undefined,
  now: Instant,
): EndFacts {
  const { dialect, wasOpen, farewell, openedAt } = connection;
  const evidence = connection.evidence(now);
  const { undelivered, unwritten } = connection.output.outbox.surrender();
  return {
    code,
    by,
    detail,
    peerSaid: farewell?.peerSaid,
    cause,
    dialect,
    livedMs: now - openedAt,
    wasOpen,
    evidence,
    orderly: farewell?.isOrderly === true,
    undelivered,
    unwritten,
  };
}
