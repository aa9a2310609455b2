/** Puts into words why a dial failed, why a connection ended and why a link gave up. */
import { ERRORS, type ErrorCode, isHoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { Attempt, AttemptFailure } from "./attempt.ts";
import type { LinkCause } from "./status.ts";
import { type LinkTarget, otherDialectLabel, plainLabel, secureLabel } from "./target.ts";

export function causeOfFailure(attempt: Attempt, failure: AttemptFailure): LinkCause {
  const { target } = attempt;
  const { code, error, record } = failure;
  return {
    code,
    sentence: record?.sentence ?? wordsOf(target, code, error),
    url: target.label,
    hint:
      record === undefined
        ? hintOfDial(target, code)
        : hintOf(target, code, record.evidence.bytesIn === 0),
    record,
    error: error ?? record?.cause,
  };
}

/**
 * How many line connections in a row, none of whose pings was answered, make the server one that
 * never answers.
 */
const UNANSWERED_MIN = 2;

/** `unanswered`: how many connections in a row never had a ping answered, this one included. */
export function causeOfEnd(
  attempt: Attempt,
  record: NonNullable<LinkCause["record"]>,
  unanswered: number,
): LinkCause {
  const { target } = attempt;
  const isMute = unanswered >= UNANSWERED_MIN && record.code === "PEER_SILENT";
  const hint = isMute
    ? `no ping was ever answered on ${unanswered} connections: ` +
      'if the server only reads, use heartbeat.pong: "none" (--no-pong)'
    : hintOf(target, record.code, false);
  const { code, sentence, cause: error } = record;
  return { code, sentence, url: target.label, hint, record, error };
}

export function sentenceOfEnd(
  code: ErrorCode,
  reason: string,
  attempts: number,
  last: LinkCause | undefined,
): string {
  const words = firstWords(code, reason, attempts);
  const isPlain = code === "CLOSED_HERE" || code === "ABORTED";
  if (last === undefined || isPlain) return words;
  const hint = last.hint === undefined ? "" : `; ${last.hint}`;
  return code === last.code
    ? `${words}: ${last.sentence}${hint}`
    : `${words}; last: ${last.sentence}${hint}`;
}

function firstWords(code: ErrorCode, reason: string, attempts: number): string {
  const dials = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  switch (code) {
    case "CLOSED_HERE":
      return reason === "" ? "closed here" : `closed here: ${printable(reason)}`;
    case "ABORTED":
      return "aborted by the caller's signal";
    case "REDIAL_EXHAUSTED":
      return `gave up after ${dials}`;
    case "GAVE_UP":
      return `gave up: no connection for \`giveUpAfterMs\`, in ${dials}`;
    case "UNAUTHORIZED":
      return "the server refused the token";
    case "REDIRECTS_MAX":
      return "the servers sent this link from one to the next too often";
    default:
      return ERRORS[code].means;
  }
}

/** There was no pipe yet: over TLS that may be because nobody answers in it. */
function hintOfDial(target: LinkTarget, code: ErrorCode): string | undefined {
  if (!target.secure || code !== "DIAL_TIMEOUT") return hintOf(target, code, false);
  return `if the server is there and does not speak TLS, use ${plainLabel(target)}`;
}

function hintOf(target: LinkTarget, code: ErrorCode, wasMute: boolean): string | undefined {
  const other = otherDialectLabel(target);
  if (code === "WRONG_DIALECT") {
    return target.dialect === "line"
      ? `the server speaks frames; use ${other}`
      : `the server speaks lines; use ${other}`;
  }
  if (code === "TLS_FAILED" && !target.secure) {
    return `the server speaks TLS; use ${secureLabel(target)}`;
  }
  const isCutOff = code === "PEER_RESET" || code === "PEER_VANISHED";
  if (target.secure && isCutOff && wasMute) {
    return (
      "the server left right after TLS had agreed: if it wants a certificate from its clients, " +
      "it may not accept the one in `tls.cert`"
    );
  }
  const isGreetingLate = code === "HANDSHAKE_TIMEOUT" || code === "DIAL_TIMEOUT";
  if (target.dialect === "frame" && isGreetingLate && wasMute) {
    return `the server said nothing; if it is a plain program that speaks lines, use ${other}`;
  }
  return undefined;
}

/** Never the words of a `cause`: it may be what the application's own token function threw. */
function wordsOf(target: LinkTarget, code: ErrorCode, error: Error | undefined): string {
  if (isHoldfastError(error)) return printable(error.message);
  return `${target.label}: ${error === undefined ? ERRORS[code].means : printable(error.message)}`;
}
