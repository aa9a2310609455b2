/** The report of a probe: what was found, what follows, and what could not be learnt. Pure. */
import type { EffectiveKernelOptions } from "../../transports/transport.ts";
import { type Advice, adviceFor } from "./advice.ts";
import { type Bracket, bracketOf } from "./bracket.ts";
import {
  type DeathFinding,
  deathOf,
  diedTogether,
  type KeepaliveFinding,
  keepaliveOf,
  type RttFinding,
  rttOf,
} from "./findings.ts";
import type { Sample } from "./sample.ts";

export interface ProbeReport {
  readonly url: string;
  /** Which of the addresses of its host was probed, where that is known. */
  readonly address: string | undefined;
  readonly speaks: "frame" | "line" | "none";
  /** False: it was interrupted, and this is what was known by then. */
  readonly isComplete: boolean;
  readonly tookMs: number;
  /** The longest silence that was tried, which a server may have limited. */
  readonly triedMsMax: number;
  readonly bracket: Bracket;
  readonly death: DeathFinding | undefined;
  readonly keepalive: KeepaliveFinding;
  readonly rtt: RttFinding | undefined;
  readonly answerWithinMs: number;
  /** What a frame server told of itself. */
  readonly serverLeaseMsMax: number | undefined;
  readonly advice: Advice | undefined;
  /** Sentences: what stays open, and how to change that. */
  readonly notLearnt: readonly string[];
  readonly samples: readonly Sample[];
  readonly discardedCount: number;
}

/** All that a run has gathered. */
export interface ReportFacts {
  readonly url: string;
  readonly address: string | undefined;
  readonly speaks: ProbeReport["speaks"];
  readonly canAsk: boolean;
  readonly isComplete: boolean;
  readonly tookMs: number;
  readonly wantedMsMax: number;
  readonly triedMsMax: number;
  readonly isFine: boolean;
  readonly plain: readonly Sample[];
  readonly kept: readonly Sample[];
  readonly kernel: EffectiveKernelOptions | undefined;
  readonly rttsMs: readonly number[];
  readonly answerWithinMs: number;
  readonly serverLeaseMsMax: number | undefined;
  /** Connections that never came to be, by what was said. */
  readonly refusals: ReadonlyMap<string, number>;
}

export function reportOf(facts: ReportFacts): ProbeReport {
  const isTogether = !facts.canAsk && diedTogether(facts.plain);
  const found = bracketOf(facts.plain);
  const bracket: Bracket = isTogether ? { ...found, confidence: "unsure" } : found;
  const { speaks, answerWithinMs, serverLeaseMsMax } = facts;
  const keepalive = keepaliveOf(facts.kept, bracket, facts.kernel);
  // Without a bracket at all an advice would rest on nothing.
  const advice = adviceFor({ bracket, answerWithinMs, serverAllowsMs: serverLeaseMsMax });
  const samples = [...facts.plain, ...facts.kept];
  return {
    url: facts.url,
    address: facts.address,
    speaks,
    isComplete: facts.isComplete,
    tookMs: facts.tookMs,
    triedMsMax: facts.triedMsMax,
    bracket,
    death: deathOf(facts.plain, bracket),
    keepalive,
    rtt: rttOf(facts.rttsMs),
    answerWithinMs,
    serverLeaseMsMax,
    advice,
    notLearnt: [
      ...(isTogether ? [TOGETHER] : []),
      ...limits(facts, bracket),
      ...doubts(facts, bracket, keepalive),
      ...(advice === undefined ? [noAdvice(bracket)] : []),
    ],
    samples,
    discardedCount: samples.filter(({ outcome }) => outcome === "discarded").length,
  };
}

const TOGETHER =
  "whether silence was the reason: all connections were ended at one moment, whatever their age, " +
  "as by a restart, or by a server that looks for idle ones now and then only";

/** Where the server keeps its own peers alive, or ends them, the path is not seen. */
const SERVER_KEEPALIVE_MS = 60_000;

function limits(facts: ReportFacts, { diedMs, survivedMs }: Bracket): string[] {
  const { speaks, triedMsMax, wantedMsMax, serverLeaseMsMax } = facts;
  const said: string[] = [];
  if (diedMs === undefined && triedMsMax < wantedMsMax && serverLeaseMsMax !== undefined) {
    said.push(
      `whether the path allows more than ${sayS(triedMsMax)}: the server asks peers for a sign ` +
        `of life after that; start it with --lease-max ${sayFlag(wantedMsMax)} to learn more`,
    );
  }
  if ((survivedMs ?? 0) > SERVER_KEEPALIVE_MS && speaks !== "none") {
    said.push(
      "whether the kernel of the server kept the path open: holdfast serve has keepalive after " +
        "60 s by default; start it with --keepalive off to be sure",
    );
  }
  if (!facts.isFine) {
    said.push("the timeout within 5 %: there were too few connections for steps so small");
  }
  return said;
}

function doubts(facts: ReportFacts, bracket: Bracket, keepalive: KeepaliveFinding): string[] {
  const { speaks, canAsk, isComplete } = facts;
  const said: string[] = [];
  if (!canAsk) {
    said.push(
      "whether the path forgets silently: nothing is written, so only resets and closes can be " +
        "seen; --send TEXT writes a line after the silence",
    );
  }
  const isClosing = bracket.isExact && bracket.diedMs !== undefined;
  if (speaks !== "frame" && isClosing) {
    said.push(
      "who ended the connections: the server's own timeout looks the same as one of the path",
    );
  }
  if (keepalive.verdict === "not learnt") {
    const why = bracket.diedMs === undefined ? "nothing died without it" : "it was not tried";
    said.push(`whether kernel keepalive keeps the path open: ${why}`);
  }
  for (const [why, count] of unheard(facts)) {
    const connections = count === 1 ? "1 connection" : `${count} connections`;
    said.push(`what ${connections} would have shown: ${why}`);
  }
  if (!isComplete) said.push("what longer silences do: the probe was interrupted");
  return said;
}

/** Connections that say nothing, by the reason. */
function unheard({ plain, refusals }: ReportFacts): ReadonlyMap<string, number> {
  const counts = new Map(refusals);
  for (const { outcome, why = "" } of plain) {
    if (outcome === "discarded") counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return counts;
}

function noAdvice({ diedMs }: Bracket): string {
  if (diedMs === undefined) return "which interval to use: no sample tells anything";
  return (
    `which interval to use: even ${sayS(diedMs)} of silence killed; probe again with a shorter ` +
    "--min"
  );
}

function sayS(ms: number): string {
  return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} s`;
}

function sayFlag(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${Math.ceil(ms / 1_000)}s`;
}
