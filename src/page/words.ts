/**
 * Why a connection or a link ended, in plain words that are safe to print.
 *
 * Where the whole machine has a sentence for each code, a page says the code in words, and what is
 * known beside it.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { LinkCause } from "../client/status.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { printable } from "./printable.ts";

/** What a server may put into our record by END. Any other word means that it just closed. */
const SAID =
  " DRAINED REPLACED READER_TOO_SLOW HANDSHAKE_TIMEOUT UNFINISHED_TOO_LONG LINE_TOO_LONG " +
  "MESSAGE_RECEIVED_TOO_LONG FRAME_INVALID HELLO_INVALID VERSION_UNSUPPORTED WRONG_DIALECT " +
  "PING_FLOOD CONNECTIONS_MAX ADDRESS_MAX ACCEPT_RATE HANDSHAKES_MAX OVERLOADED UNAUTHORIZED " +
  "TURNED_AWAY ";

export function codeSaid(code: string): ErrorCode {
  return SAID.includes(` ${code} `) ? (code as ErrorCode) : "CLOSED_BY_PEER";
}

/** The sentence of a record that has everything else. */
export function endSentence(
  { code, by, peerSaid, undeliveredCount, evidence }: Omit<EndRecord, "sentence">,
  detail: string,
): string {
  const { heardMsAgo, pingMsAgo, ourLatenessMs } = evidence;
  const who = by === "here" ? "closed by this side: " : by === "peer" ? "closed by the peer: " : "";
  const parts = [who + plain(code) + (detail && ` (${detail})`)];
  if (peerSaid?.reason) parts.push(`the peer said "${printable(peerSaid.reason)}"`);
  if (heardMsAgo !== undefined) parts.push(`the last byte came ${seconds(heardMsAgo)} ago`);
  if (pingMsAgo !== undefined) parts.push(`a ping is unanswered for ${seconds(pingMsAgo)}`);
  if (ourLatenessMs > 0) parts.push(`${seconds(ourLatenessMs)} of it is our own lateness`);
  if (undeliveredCount > 0) parts.push(`undelivered messages: ${undeliveredCount}`);
  return parts.join("; ");
}

/** `FRAME_INVALID` as `frame invalid`. */
function plain(code: ErrorCode): string {
  return code.toLowerCase().replaceAll("_", " ");
}

export function linkSentence(
  code: ErrorCode,
  reason: string,
  attempts: number,
  last: LinkCause | undefined,
): string {
  const isAsked = code === "CLOSED_HERE" || code === "ABORTED";
  const words = plain(code) + (reason && `: ${printable(reason)}`);
  if (last === undefined || isAsked) return words;
  const hint = last.hint === undefined ? "" : `; ${last.hint}`;
  return `${words}, after ${attempts} attempts; last: ${last.sentence}${hint}`;
}

/** `0.3 s` */
function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
