/** Why and how a guarded connection ended, and the sentence that says so. */
import { ERRORS, type ErrorCode } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { EndedBy } from "../connection/end-record.ts";
import { ago, seconds, unread } from "../connection/sentence.ts";
import type { Verdict } from "../liveness/monitor.ts";

/** What carries a guarded connection. */
export type GuardedKind = "tcp" | "tls" | "unix" | "websocket";

/** What was known at the moment of the end. Times are ages in milliseconds. */
export interface GuardEvidence {
  /** Since bytes were last seen to have come; undefined when none did while it was guarded. */
  readonly heardMsAgo: number | undefined;
  /** Since the kernel was last seen to have taken bytes. */
  readonly spokeMsAgo: number | undefined;
  /** Since output was last seen to move towards the peer after it had been stuck or in doubt. */
  readonly movedMsAgo: number | undefined;
  /** Output that waited in this process. */
  readonly queuedBytes: number;
  /** Output that the peer's kernel had not acknowledged, where that was measured. */
  readonly unackedBytes: number | undefined;
  /** Since the ping that was not answered. */
  readonly pingMsAgo: number | undefined;
  readonly rttMs: number | undefined;
  readonly srttMs: number | undefined;
  readonly timeoutMs: number;
  /** By how much deadlines were shifted because this process was late. */
  readonly ourLatenessMs: number;
  /**
   * For how much of the time since the last byte the application did not take what had come, and
   * was not seen to: that silence is not the peer's, and counts only from then on.
   */
  readonly unreadMs: number;
  /** The verdict was held back once because too many connections expired together. */
  readonly heldForMassExpiry: boolean;
  readonly verdict: Verdict;
  /** False when the application was not reading, so that silence was not the peer's. */
  readonly isJudged: boolean;
  /** Since the connection began. Below TLS where that can be counted, which includes handshakes. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface GuardRecord {
  readonly id: string;
  readonly code: ErrorCode;
  readonly by: EndedBy;
  /** Why, in one plain sentence that is safe to print. */
  readonly sentence: string;
  readonly remote: string;
  readonly kind: GuardedKind;
  /** When the guard took it in, in milliseconds since 1970. */
  readonly openedAtWallMs: number;
  readonly endedAtWallMs: number;
  /** For how long it was guarded. */
  readonly livedMs: number;
  /** Whether this guard ended it with a TCP reset. */
  readonly reset: boolean;
  /**
   * WebSocket: what the peer said in the close frame with which it began to close. Its words: print
   * them through `printable` only.
   */
  readonly peerSaid: { readonly code: number; readonly reason: string } | undefined;
  /** The error by which the connection ended, the system's or the application's. */
  readonly cause: Error | undefined;
  readonly evidence: GuardEvidence;
}

/** All that a sentence needs. */
export interface Ending {
  readonly code: ErrorCode;
  readonly by: EndedBy;
  readonly detail: string;
  readonly cause: Error | undefined;
  readonly peerSaid: GuardRecord["peerSaid"];
}

/** The application gave the socket away; here nothing is left of it that could end. */
export const HANDED_OVER: Ending = {
  code: "CLOSED_HERE",
  by: "here",
  detail: "the socket was handed over to another process",
  cause: undefined,
  peerSaid: undefined,
};

export function guardSentence(ending: Ending, evidence: GuardEvidence, livedMs: number): string {
  const ours = `${unread(ending.code, evidence.unreadMs)}${lateness(evidence)}`;
  const opening = `${openingOf(ending, evidence, livedMs)}${ours}`;
  const { peerSaid } = ending;
  if (peerSaid === undefined) return opening;
  const reason = peerSaid.reason === "" ? "" : ` "${printable(peerSaid.reason)}"`;
  return `${opening}; the peer said ${peerSaid.code}${reason}`;
}

function openingOf(ending: Ending, evidence: GuardEvidence, livedMs: number): string {
  const { code, detail } = ending;
  const more = detail === "" ? "" : `: ${printable(detail)}`;
  switch (code) {
    case "PEER_SILENT":
      return `ended after ${seconds(silenceMs(evidence, livedMs))} of silence: ${broken(
        evidence,
        livedMs,
      )}`;
    case "PEER_TAKES_NOTHING":
      return `ended: ${notTaken(evidence)}`;
    case "CLOSED_HERE":
      return `closed by this side${more}`;
    case "CLOSED_BY_PEER":
      return `closed by the peer${more}`;
    case "PEER_VANISHED":
      return `ended: the stream ended without a close frame; the last byte came ${ago(
        evidence.heardMsAgo,
      )}`;
    case "TRANSPORT_FAILED":
      return `ended: the operating system gave the connection up${more}`;
    case "DRAINED":
      return `closed in a drain${more}`;
    default:
      return `ended: ${ERRORS[code].means}${more}`;
  }
}

function silenceMs({ heardMsAgo }: GuardEvidence, livedMs: number): number {
  return heardMsAgo ?? livedMs;
}

/** What the peer failed to do. A ping before its last byte was as good as answered. */
function broken(evidence: GuardEvidence, livedMs: number): string {
  const { timeoutMs, pingMsAgo, unackedBytes } = evidence;
  const unacked = unackedBytes ? `, with ${unackedBytes} bytes unacknowledged` : "";
  const wasAsked = pingMsAgo !== undefined && pingMsAgo <= silenceMs(evidence, livedMs);
  const asked = wasAsked ? ` and did not answer the ping sent ${seconds(pingMsAgo)} ago` : "";
  return `the peer had ${seconds(timeoutMs)} to say a byte${asked}${unacked}`;
}

function notTaken({ heardMsAgo, queuedBytes }: GuardEvidence): string {
  const took = `took nothing of the ${queuedBytes} bytes queued for it`;
  return heardMsAgo === undefined
    ? `the peer ${took}`
    : `the peer spoke ${ago(heardMsAgo)} but ${took}`;
}

function lateness({ ourLatenessMs, heldForMassExpiry }: GuardEvidence): string {
  const late = ourLatenessMs > 0 ? `, ${seconds(ourLatenessMs)} of it our own lateness` : "";
  return heldForMassExpiry ? `${late}, after a second look since many expired together` : late;
}
