/**
 * The bound of the README, in numbers, for one end of one flow.
 *
 * Everything in it comes from how the two sides were configured and from what was written on the
 * wire; nothing from what a machine believes. Where a part is not known from outside (how long an
 * answer time was measured), its documented limit stands for it.
 */
import { graceMs, leaseFor } from "../../liveness/lease.ts";
import type { EndTruth } from "../end-truth.ts";
import type { ClientTerms, ServerTerms } from "../world-view.ts";

/** The measured answer time is clamped to this (rule 5.3). */
const ANSWER_MS_MAX = 15_000;
const ANSWER_MS_MIN = 5_000;
const WAKE_ANSWER_MS_MIN = 1_000;
/** The timer of links is as fine as this. */
const CLIENT_TICK_MS = 10;
/** While the peer's window is shut the last reading is waited for as long. */
const LAST_READING_MS = 50;
const CLOSE_MS = 5_000;
const LINGER_MS = 1_000;

/** How long a peer may be silent at the most, from the last evidence of life on. */
export function clientBoundMs(terms: ClientTerms, end: EndTruth): number {
  const intervalMs = Math.max(terms.intervalMs, end.announcedMsMax);
  return intervalMs + answerMsMax(terms, end);
}

/** `client`: the other end, by whose words the lease is known. */
export function serverBoundMs(
  terms: ServerTerms,
  end: EndTruth,
  client: EndTruth | undefined,
): number {
  const { timeoutMs, handshakeTimeoutMs } = terms;
  const isOpen = end.phase === "open";
  if (!isOpen) return Math.max(timeoutMs, handshakeTimeoutMs) + LINGER_MS + CLOSE_MS;
  if (end.spoken.dialect !== "frame" || client === undefined) return timeoutMs;
  // The longest that was ever promised: a shorter promise holds only once it was heard.
  const leaseMs = Math.max(
    leaseFor(client.announcedMs, terms),
    client.announcedMsMax === 0 ? 0 : leaseFor(client.announcedMsMax, terms),
  );
  return leaseMs + graceMs(leaseMs) + answerMsMax(terms, end);
}

/** How long output may stand still, and a farewell last. */
export function farewellBoundMs(): number {
  return CLOSE_MS + LINGER_MS;
}

export function answerMsMax(terms: ClientTerms | ServerTerms, end: EndTruth): number {
  const answerMs = terms.answerWithinMs === false ? ANSWER_MS_MAX : terms.answerWithinMs;
  return end.wasFarBehind ? Math.max(answerMs, terms.drainTimeoutMs) : answerMs;
}

/**
 * How long an answer is waited for at the least. `slept`: our process did not run meanwhile, after
 * which an answer is waited for less long; `held`: it was the second question.
 */
export function answerMsMin(
  terms: ClientTerms | ServerTerms,
  slept: boolean,
  held: boolean,
): number {
  const answerMs = terms.answerWithinMs === false ? ANSWER_MS_MIN : terms.answerWithinMs;
  if (held) return answerMs / 2;
  return slept ? Math.min(answerMs, WAKE_ANSWER_MS_MIN) : answerMs;
}

/**
 * Two alarms (the beat and the verdict), each a tick and an unnoticed lateness late; and a second
 * over which a question after a sleep is spread.
 */
export function slackMs(terms: ClientTerms | ServerTerms): number {
  const tickMs = "tickMs" in terms ? terms.tickMs : CLIENT_TICK_MS;
  return 3 * tickMs + LAST_READING_MS + 2 * terms.stallToleranceMs + 1_000;
}
