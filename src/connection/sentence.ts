/**
 * Says in one plain sentence why a connection ended, from its facts.
 *
 * The sentence is safe to print: the only foreign words in it are the peer's reason, and they went
 * through `printable`.
 */
import { ERRORS, type ErrorCode } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { EndEvidence, EndFacts } from "./end-record.ts";

/** What is worth a word: less is said by no "0.1 s". */
const UNREAD_MS_MIN = 100;

export function endSentence(facts: EndFacts): string {
  const parts = [
    `${opening(facts)}${unread(facts.code, facts.evidence.unreadMs)}${lateness(facts.evidence)}`,
  ];
  const said = facts.peerSaid?.reason ?? "";
  // Our own servers give the table's words as reason; once is enough.
  if (said !== "" && said !== ERRORS[facts.code].means)
    parts.push(`the peer said "${printable(said)}"`);
  const lost = facts.undelivered.length + facts.unwritten.length;
  if (lost > 0) parts.push(`${lost} ${lost === 1 ? "message is" : "messages are"} undelivered`);
  return parts.join("; ");
}

function opening(facts: EndFacts): string {
  const { evidence, code } = facts;
  switch (code) {
    case "PEER_SILENT":
      return `closed after ${silence(facts)} of silence: ${broken(facts)}`;
    case "PEER_TAKES_NOTHING":
      return `closed: the peer spoke ${ago(evidence.heardMsAgo)} but ${notTaken(evidence)}`;
    case "CLOSED_HERE":
      return facts.detail === "" ? "closed by this side" : `closed by this side: ${facts.detail}`;
    case "CLOSED_BY_PEER":
      if (!facts.wasOpen) return "closed by the peer before it said anything";
      return facts.detail === "" ? "closed by the peer" : `closed by the peer; ${facts.detail}`;
    case "PEER_VANISHED":
      return `closed: the stream ended without a farewell${lastHeard(evidence)}`;
    case "TRANSPORT_FAILED":
      return `closed: the operating system gave the connection up (${facts.detail})`;
    default:
      return byTable(facts);
  }
}

/** What the peer failed to do. */
function broken({ dialect, evidence }: EndFacts): string {
  const { leaseMs, pingMsAgo, unackedBytes } = evidence;
  const promise =
    leaseMs === undefined
      ? undefined
      : dialect === "frame"
        ? `the peer promised a byte within ${seconds(leaseMs)}`
        : `the peer had ${seconds(leaseMs)} to say a byte`;
  const asked =
    pingMsAgo === undefined ? undefined : `did not answer the ping sent ${seconds(pingMsAgo)} ago`;
  const unacked = unackedBytes ? `, with ${unackedBytes} bytes unacknowledged` : "";
  if (promise === undefined)
    return `the peer ${asked ?? "took nothing of what was sent"}${unacked}`;
  return asked === undefined ? `${promise}${unacked}` : `${promise} and ${asked}${unacked}`;
}

function byTable(facts: EndFacts): string {
  const who = facts.by === "peer" ? "closed by the peer" : "closed";
  const detail = facts.detail === "" ? "" : ` (${facts.detail})`;
  return `${who}: ${ERRORS[facts.code].means}${detail}`;
}

function silence(facts: EndFacts): string {
  return seconds(facts.evidence.heardMsAgo ?? facts.livedMs);
}

/** What of a silence was ours. Where it was not silence that ended it, it explains nothing. */
export function unread(code: ErrorCode, unreadMs: number): string {
  if (code !== "PEER_SILENT" || unreadMs < UNREAD_MS_MIN) return "";
  return `, ${seconds(unreadMs)} of it unread by us`;
}

function lateness({ ourLatenessMs, heldForMassExpiry }: EndEvidence): string {
  const late = ourLatenessMs > 0 ? `, ${seconds(ourLatenessMs)} of it our own lateness` : "";
  return heldForMassExpiry ? `${late}, after a second look since many expired together` : late;
}

function notTaken({ queuedBytes }: EndEvidence): string {
  return `took nothing of the ${queuedBytes === 0 ? "answers" : `${queuedBytes} bytes`} for it`;
}

function lastHeard({ heardMsAgo }: EndEvidence): string {
  return heardMsAgo === undefined ? "" : `; the last byte came ${ago(heardMsAgo)}`;
}

/** `0.3 s ago`. */
export function ago(ms: number | undefined): string {
  return ms === undefined ? "never" : `${seconds(ms)} ago`;
}

/** `0.3 s`, `60.2 s`, `12 min`. */
export function seconds(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
