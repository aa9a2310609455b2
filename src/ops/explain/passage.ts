/**
 * Which middleboxes would cut a connection with these beats, and which interval would suit those
 * that stand in the path.
 *
 * A box is kept awake when the longest silence on the wire, and what a beat may be late (the same
 * grace that a server grants to a lease), fit into its timeout.
 */
import { graceMs } from "../../liveness/lease.ts";
import type { KeepaliveConfig } from "../../transports/transport.ts";
import type { Middlebox } from "./middlebox.ts";
import { idleOf } from "./middleboxes.ts";

export type Verdict = "at the edge" | "cut" | "kept";

/** What the kernel's keepalive would do for it without any heartbeat. */
export type Alone = "does not count" | "keeps it" | "not known" | "off" | "too late";

export interface Passage {
  readonly box: Middlebox;
  readonly verdict: Verdict;
  /** What is left of its timeout after the longest silence; null: it is no matter of time. */
  readonly marginMs: number | null;
  readonly keepaliveAlone: Alone;
}

export interface Beats {
  /** The longest silence of the client. */
  readonly silenceMs: number;
  readonly answersExpected: boolean;
  readonly keepalive: KeepaliveConfig | false;
}

export function passageOf(box: Middlebox, beats: Beats): Passage {
  const { silenceMs } = beats;
  const idleMs = idleOf(box);
  const keepaliveAlone = aloneOf(box, beats.keepalive);
  if (box.idleMs === false) return { box, verdict: "kept", marginMs: null, keepaliveAlone };
  if (!beats.answersExpected && needsAnswers(box)) {
    return { box, verdict: "cut", marginMs: null, keepaliveAlone };
  }
  return {
    box,
    verdict: verdictOf(silenceMs, idleMs),
    marginMs: idleMs - silenceMs,
    keepaliveAlone,
  };
}

export interface Recommendation {
  /** The most impatient of the boxes, and what it allows. */
  readonly box: Middlebox;
  readonly idleMs: number;
  /** A half of that: one late ping costs nothing. */
  readonly intervalMs: number;
  /** A third of that: two may be late, on networks that lose packets. */
  readonly unsettledIntervalMs: number;
  /**
   * What the server must allow for the half: its `leaseMsMax` (frames) or its `timeoutMs` (lines)
   * must be no less.
   */
  readonly serverMsMin: number;
}

const SECOND_MS = 1_000;

/** Undefined where none of them cuts for silence, or no interval would help. */
export function recommend(
  boxes: readonly Middlebox[],
  dialect: "frame" | "line",
  answersExpected: boolean,
): Recommendation | undefined {
  const helped = boxes.filter((one) => answersExpected || !needsAnswers(one));
  const [box] = helped.toSorted((a, b) => idleOf(a) - idleOf(b));
  if (box === undefined || box.idleMs === false) return undefined;
  const intervalMs = wholeSeconds(box.idleMs / 2);
  return {
    box,
    idleMs: box.idleMs,
    intervalMs,
    unsettledIntervalMs: wholeSeconds(box.idleMs / 3),
    serverMsMin: dialect === "frame" ? intervalMs : 2 * intervalMs,
  };
}

function verdictOf(silenceMs: number, idleMs: number): Verdict {
  if (silenceMs >= idleMs) return "cut";
  return silenceMs + graceMs(silenceMs) <= idleMs ? "kept" : "at the edge";
}

function needsAnswers({ counts }: Middlebox): boolean {
  return counts === "payload from the server" || counts === "payload each way";
}

function aloneOf({ counts, idleMs }: Middlebox, keepalive: KeepaliveConfig | false): Alone {
  if (keepalive === false) return "off";
  if (idleMs === false) return "keeps it";
  if (counts === "not known") return "not known";
  if (counts !== "any packet") return "does not count";
  return verdictOf(keepalive.idleMs, idleMs) === "kept" ? "keeps it" : "too late";
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}
