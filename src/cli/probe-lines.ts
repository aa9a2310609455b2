/** What `holdfast probe` found, as text for people. Pure. */
import type { EffectiveKernelOptions } from "../transports/transport.ts";
import type { Bracket } from "../ops/probe/bracket.ts";
import type { DeathFinding, KeepaliveFinding, RttFinding } from "../ops/probe/findings.ts";
import type { ProbeReport } from "../ops/probe/report.ts";
import type { Outcome, Sample } from "../ops/probe/sample.ts";
import { printable } from "../base/printable.ts";
import { sayPrecisely } from "./duration.ts";
import { kernelText } from "./kernel-lines.ts";

/** The whole report: one line for each question, then what stays open. */
export function reportLines(report: ProbeReport): string[] {
  const { bracket, death, keepalive, rtt, advice, notLearnt } = report;
  const heading = report.isComplete ? "" : ", interrupted";
  return [
    `path to ${report.url}${sayAddress(report)} ` +
      `(probed for ${sayPrecisely(report.tookMs)}${heading})`,
    row("idle timeout", sayBracket(bracket, report.triedMsMax)),
    ...bracket.contradictions.map((sample) => row("", `contradicted: ${sayContradiction(sample)}`)),
    row("how it dies", death === undefined ? "nothing died" : sayDeath(death)),
    row("keepalive", sayKeepalive(keepalive)),
    row("round trip", rtt === undefined ? "not measured" : sayRtt(rtt)),
    ...(advice === undefined
      ? [row("advice", "none")]
      : [
          row("interval", `${sayPrecisely(advice.intervalMs)}: ${advice.reason}`),
          row(
            "timeout",
            `${sayPrecisely(advice.timeoutMs)}: two intervals and the time for an answer`,
          ),
        ]),
    ...notLearnt.map((sentence, at) => row(at === 0 ? "not learnt" : "", printable(sentence))),
  ];
}

/** Where the url names a host that may have several. */
function sayAddress({ url, address }: ProbeReport): string {
  return address === undefined || url.includes(address) ? "" : ` at ${address}`;
}

/** One line of the live table: how long it was silent, and what came of that. */
export function sampleLine({ group, idleMs, outcome, afterMs, why }: Sample): string {
  const after = afterMs === undefined ? "" : sayAfter(outcome, sayPrecisely(afterMs));
  const kept = group === "keepalive" ? ", with keepalive" : "";
  const reason = why === undefined ? "" : ` (${printable(why)})`;
  return `${sayPrecisely(idleMs).padStart(12)}  ${sayOutcome(outcome)}${after}${kept}${reason}`;
}

function sayAfter(outcome: Outcome, after: string): string {
  if (outcome === "survived") return `, answered in ${after}`;
  if (outcome === "silent") return ` for ${after}`;
  return outcome === "discarded" ? "" : ` after ${after}`;
}

/** What is known so far, for the line that is rewritten. */
export function sayProgress(bracket: Bracket | undefined, asked: number, of: number): string {
  const count = `${asked} of ${of} asked`;
  if (bracket === undefined) return count;
  const { survivedMs, diedMs } = bracket;
  const alive = survivedMs === undefined ? "" : `, alive after ${sayPrecisely(survivedMs)}`;
  return `${count}${alive}${diedMs === undefined ? "" : `, dead after ${sayPrecisely(diedMs)}`}`;
}

export function sayBracket(bracket: Bracket, triedMsMax: number): string {
  const { survivedMs, diedMs, isExact, confidence, deathCount } = bracket;
  if (diedMs === undefined) {
    if (survivedMs === undefined) return "unknown";
    const all = survivedMs >= triedMsMax * 0.99 ? ", the longest silence that was tried" : "";
    return `more than ${sayPrecisely(survivedMs)}${all} (${confidence})`;
  }
  const connections = deathCount === 1 ? "1 connection" : `${deathCount} connections`;
  const died = `${connections} died after that; ${confidence}`;
  if (isExact) return `${sayPrecisely(diedMs)}, seen as it happened (${died})`;
  if (survivedMs === undefined) return `at most ${sayPrecisely(diedMs)} (${died})`;
  return `between ${sayPrecisely(survivedMs)} and ${sayPrecisely(diedMs)} (${died})`;
}

function sayDeath({ how, afterMsMin, afterMsMax, otherCount }: DeathFinding): string {
  const others = otherCount === 0 ? "" : `; ${otherCount} died in another way`;
  const after =
    afterMsMin === undefined || afterMsMax === undefined
      ? ""
      : sayPrecisely(afterMsMin) === sayPrecisely(afterMsMax)
        ? sayPrecisely(afterMsMin)
        : `${sayPrecisely(afterMsMin)} to ${sayPrecisely(afterMsMax)}`;
  return `${sayHow(how, after, afterMsMax)}${others}`;
}

function sayHow(how: Outcome, after: string, longestMs: number | undefined): string {
  switch (how) {
    case "silent":
      return `silently: no answer and no reset within ${sayPrecisely(longestMs ?? 0)}`;
    case "reset":
      return `the next ping is answered by a reset (RST), after ${after}`;
    case "finished":
      return `the next ping is answered by a close (FIN), after ${after}`;
    case "reset-idle":
      return "a reset (RST) comes by itself, without any ping";
    case "finished-idle":
      return "a close (FIN) comes by itself, without any ping";
    case "lost-idle":
      return "the own kernel gives the connection up, without any ping";
    case "survived":
    case "open":
    case "discarded":
      return sayOutcome(how);
    default:
      return how satisfies never;
  }
}

function sayOutcome(outcome: Outcome): string {
  switch (outcome) {
    case "survived":
      return "alive";
    case "silent":
      return "dead, silent";
    case "reset":
      return "dead, the ping was answered by a reset";
    case "finished":
      return "dead, the ping was answered by a close";
    case "reset-idle":
      return "dead, reset by itself";
    case "finished-idle":
      return "dead, closed by itself";
    case "lost-idle":
      return "dead, given up by the own kernel";
    case "open":
      return "neither reset nor closed";
    case "discarded":
      return "says nothing";
    default:
      return outcome satisfies never;
  }
}

function sayContradiction(sample: Sample): string {
  return `${sayOutcome(sample.outcome)} after ${sayPrecisely(sample.idleMs)}`;
}

function sayKeepalive(found: KeepaliveFinding): string {
  const { verdict, survivedCount, diedCount, idleMs, kernel } = found;
  const inForce = kernel === undefined ? "" : ` [${keepaliveText(kernel)}]`;
  const age = idleMs === undefined ? "" : ` after ${sayPrecisely(idleMs)}`;
  switch (verdict) {
    case "keeps open":
      return `keeps the path open: ${survivedCount} of ${survivedCount} alive${age}${inForce}`;
    case "does not keep open":
      return `does not keep the path open: ${diedCount} of ${diedCount} died${age}${inForce}`;
    case "contradictory":
      return `contradictory: ${survivedCount} lived and ${diedCount} died${inForce}`;
    case "not learnt":
      return "not learnt";
    default:
      return verdict satisfies never;
  }
}

/** The user timeout has no part in it. */
function keepaliveText(kernel: EffectiveKernelOptions): string {
  return kernelText(kernel).split(";")[0] ?? "";
}

function sayRtt({ minMs, medianMs, maxMs, count }: RttFinding): string {
  return `${fine(minMs)} / ${fine(medianMs)} / ${fine(maxMs)} ms (min, median, max of ${count})`;
}

function fine(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0);
}

function row(name: string, text: string): string {
  return `${name.padEnd(14)}${text}`;
}
