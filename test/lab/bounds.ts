/**
 * The documented bounds: after how long a silent peer is dead at the latest, counted from the last
 * evidence of life. Stated here once more, from the options alone, so that the lab judges the
 * product by what its documents promise and not by what its code does.
 */

export type Side = "client" | "server";
export type Dialect = "frame" | "line";

/** What both ends of a run are told. */
export interface LabOptions {
  readonly intervalMs: number;
  /** How long a ping may go unanswered; `false` leaves it to be measured, as by default. */
  readonly clientAnswerMs: number | false;
  readonly serverAnswerMs: number | false;
  /** The lease of a line peer; also the longest that a frame peer may announce. */
  readonly timeoutMs: number;
}

export interface Bound {
  readonly ms: number;
  /** What it is the sum of. */
  readonly sum: string;
}

const GRACE_MS_MIN = 2_000;
const GRACE_SHARE = 10;
const ANSWER_MS_MAX = 15_000;
/** One tick of the alarms, and lateness of our own that is too small to be counted as a stall. */
export const SLACK_MS: number = 25 + 250;

export function boundOf(side: Side, dialect: Dialect, options: LabOptions): Bound {
  if (side === "client") {
    const answerMs = options.clientAnswerMs || ANSWER_MS_MAX;
    return sumOf(["interval", options.intervalMs], ["answer", answerMs]);
  }
  if (dialect === "line") return sumOf(["timeout", options.timeoutMs]);
  const leaseMs = Math.min(options.intervalMs, options.timeoutMs);
  const graceMs = Math.max(GRACE_MS_MIN, leaseMs / GRACE_SHARE);
  const answerMs = options.serverAnswerMs || ANSWER_MS_MAX;
  return sumOf(["lease", leaseMs], ["grace", graceMs], ["answer", answerMs]);
}

/** When the next ping goes out: what comes back at once, comes back then. */
export function nextPing(options: LabOptions): Bound {
  return sumOf(["interval", options.intervalMs]);
}

function sumOf(...parts: readonly (readonly [name: string, ms: number])[]): Bound {
  return {
    ms: parts.reduce((sum, [, ms]) => sum + ms, 0),
    sum: parts.map(([name, ms]) => `${name} ${ms / 1_000}`).join(" + "),
  };
}
