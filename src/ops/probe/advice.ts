/**
 * Which interval and which timeout the findings speak for, with the reason in one sentence. Pure.
 *
 * Easy to break: the interval rests on silences that were survived, never on the hope that the path
 * allows more, and it is at most half of what the server allows, so that one late ping costs
 * nothing.
 */
import type { Bracket } from "./bracket.ts";

export interface Advice {
  readonly intervalMs: number;
  /** For the server, and for whoever waits for an answer. */
  readonly timeoutMs: number;
  readonly reason: string;
}

export interface AdviceFacts {
  readonly bracket: Bracket;
  readonly answerWithinMs: number;
  /** The longest silence that the server allows; undefined where nobody told. */
  readonly serverAllowsMs: number | undefined;
}

const MARGIN_MS = 3_000;
const MARGIN_RATIO = 0.05;
const SECOND_MS = 1_000;

/** Undefined when no silence was survived: then there is nothing to rest an advice on. */
export function adviceFor(facts: AdviceFacts): Advice | undefined {
  const { bracket, serverAllowsMs, answerWithinMs } = facts;
  const provenMs = provenIdleMs(bracket);
  if (provenMs === undefined) return undefined;
  const marginMs = Math.max(MARGIN_MS, provenMs * MARGIN_RATIO);
  // What is shorter than two margins is halved, or nothing would be left of it.
  const pathMs = provenMs < 2 * marginMs ? provenMs / 2 : provenMs - marginMs;
  const serverMs = serverAllowsMs === undefined ? Number.POSITIVE_INFINITY : serverAllowsMs / 2;
  const intervalMs = wholeSeconds(Math.min(pathMs, serverMs));
  const timeoutMs = Math.ceil((2 * intervalMs + answerWithinMs) / SECOND_MS) * SECOND_MS;
  const reason =
    serverMs < pathMs
      ? "half of what the server allows, so that one late ping costs nothing; the path allows more"
      : pathReason(bracket);
  return { intervalMs, timeoutMs, reason };
}

/** An early death that contradicts the bracket is believed as long as the bracket is unsure. */
function provenIdleMs({ survivedMs, confidence, contradictions }: Bracket): number | undefined {
  if (survivedMs === undefined || confidence !== "unsure") return survivedMs;
  return Math.min(survivedMs, ...contradictions.map(({ idleMs }) => idleMs));
}

function pathReason({ diedMs, isExact, confidence }: Bracket): string {
  if (diedMs === undefined) {
    return "a margin below the longest silence that was survived; none that was tried killed";
  }
  if (confidence === "unsure") return "below the shortest silence that killed; samples contradict";
  if (isExact) return "a margin below the silence after which the connection was ended";
  return "a margin below the longest silence that was survived";
}

function wholeSeconds(ms: number): number {
  return ms < SECOND_MS ? Math.floor(ms) : Math.floor(ms / SECOND_MS) * SECOND_MS;
}
