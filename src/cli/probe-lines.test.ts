import { expect, test } from "vitest";
import type { ProbeReport } from "../ops/probe/report.ts";
import type { Outcome, Sample } from "../ops/probe/sample.ts";
import { reportLines, sampleLine, sayProgress } from "./probe-lines.ts";

function sample(idleMs: number, outcome: Outcome, more: Partial<Sample> = {}): Sample {
  const common = { id: 1, group: "plain" as const, plannedMs: idleMs, atMs: idleMs };
  return { ...common, idleMs, outcome, afterMs: undefined, why: undefined, ...more };
}

const BRACKET: ProbeReport["bracket"] = {
  survivedMs: 297_500,
  diedMs: 310_100,
  isExact: false,
  deathCount: 3,
  confidence: "likely",
  contradictions: [sample(61_000, "silent")],
};

const REPORT: ProbeReport = {
  url: "tcp://far:1",
  address: "192.0.2.1",
  speaks: "frame",
  isComplete: true,
  tookMs: 350_000,
  triedMsMax: 1_200_000,
  bracket: BRACKET,
  death: { how: "reset", count: 3, afterMsMin: 2, afterMsMax: 41, otherCount: 1 },
  keepalive: {
    verdict: "keeps open",
    idleMs: 341_000,
    survivedCount: 3,
    diedCount: 0,
    kernel: {
      keepaliveIdleMs: { value: 2_000, source: "set" },
      keepaliveIntervalMs: { value: 1_000, source: "known" },
      keepaliveCount: { value: 10, source: "known" },
      userTimeoutMs: { value: false, source: "known" },
    },
  },
  rtt: { minMs: 1.234, medianMs: 2, maxMs: 41.7, count: 99 },
  answerWithinMs: 5_000,
  serverLeaseMsMax: 1_200_000,
  advice: { intervalMs: 282_000, timeoutMs: 569_000, reason: "a margin below what was survived" },
  notLearnt: ["one thing", "what \u001b[2J would do"],
  samples: [],
  discardedCount: 0,
};

test("a whole report", () => {
  expect(reportLines(REPORT)).toEqual([
    "path to tcp://far:1 at 192.0.2.1 (probed for 5 min 50 s)",
    "idle timeout  between 4 min 58 s and 5 min 10 s (3 connections died after that; likely)",
    "              contradicted: dead, silent after 61 s",
    "how it dies   the next ping is answered by a reset (RST), after 2 ms to 41 ms; " +
      "1 died in another way",
    "keepalive     keeps the path open: 3 of 3 alive after 5 min 41 s " +
      "[keepalive after 2 s (set), every 1 s (known), 10 (known) probes]",
    "round trip    1.23 / 2.00 / 42 ms (min, median, max of 99)",
    "interval      4 min 42 s: a margin below what was survived",
    "timeout       9 min 29 s: two intervals and the time for an answer",
    "not learnt    one thing",
    "              what \\x1b[2J would do",
  ]);
});

test.each<[Partial<ProbeReport["bracket"]>, string]>([
  [{ survivedMs: undefined }, "at most 5 min 10 s"],
  [{ survivedMs: undefined, diedMs: undefined }, "unknown"],
  [{ diedMs: undefined }, "more than 4 min 58 s (likely)"],
  [{ diedMs: 7_000, isExact: true, deathCount: 1 }, "7 s, seen as it happened (1 connection died"],
])("the bracket %j", (more, sentence) => {
  const [, line] = reportLines({ ...REPORT, bracket: { ...BRACKET, ...more } });
  expect(line).toContain(sentence);
});

test.each<[Sample, string]>([
  [sample(5_000, "survived", { afterMs: 3 }), "5 s  alive, answered in 3 ms"],
  [sample(20_000, "silent", { afterMs: 5_000 }), "20 s  dead, silent for 5 s"],
  [sample(7_000, "finished-idle"), "7 s  dead, closed by itself"],
  [sample(8_000, "survived", { group: "keepalive" }), "8 s  alive, with keepalive"],
  [sample(9_000, "discarded", { why: "\u009bx" }), "9 s  says nothing (\\x9bx)"],
])("a line of the table: %j", (one, line) => {
  expect(sampleLine(one).trim()).toBe(line);
});

test("the progress", () => {
  expect(sayProgress(undefined, 0, 9)).toBe("0 of 9 asked");
  const known = "4 of 9 asked, alive after 4 min 58 s, dead after 5 min 10 s";
  expect(sayProgress(BRACKET, 4, 9)).toBe(known);
});
