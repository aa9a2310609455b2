import { expect, test } from "vitest";
import { NO_KERNEL_OPTIONS } from "../../transports/no-kernel-options.ts";
import { bracketOf } from "./bracket.ts";
import { deathOf, diedTogether, keepaliveOf, rttOf } from "./findings.ts";
import type { Outcome, Sample } from "./sample.ts";

function sample(idleMs: number, outcome: Outcome, more: Partial<Sample> = {}): Sample {
  const common = { id: idleMs, group: "plain" as const, plannedMs: idleMs, atMs: idleMs };
  return { ...common, idleMs, outcome, afterMs: undefined, why: undefined, ...more };
}

test("how most of them die counts, with the times that it took; others are counted", () => {
  const samples = [
    sample(5_000, "survived", { afterMs: 1 }),
    sample(6_000, "reset", { afterMs: 2 }),
    sample(7_000, "reset", { afterMs: 9 }),
    sample(8_000, "silent", { afterMs: 15_000 }),
  ];
  expect(deathOf(samples, bracketOf(samples))).toEqual({
    how: "reset",
    count: 2,
    afterMsMin: 2,
    afterMsMax: 9,
    otherCount: 1,
  });
  expect(deathOf([], bracketOf([]))).toBeUndefined();
});

test("ends at one moment and of all ages are no idle timeout; ends of one age are", () => {
  const restart = [3_000, 4_000, 5_000].map((ms) => sample(ms, "finished-idle", { atMs: 9_000 }));
  expect(diedTogether(restart)).toBe(true);
  const timeout = [9_000, 10_000, 11_000].map((atMs) => sample(3_000, "finished-idle", { atMs }));
  expect(diedTogether(timeout)).toBe(false);
  expect(diedTogether(restart.slice(1))).toBe(false);
});

test.each<[readonly Outcome[], boolean, string]>([
  [["survived", "survived"], true, "keeps open"],
  [["reset-idle", "silent"], true, "does not keep open"],
  [["survived", "silent"], true, "contradictory"],
  [[], true, "not learnt"],
  [["survived", "survived"], false, "not learnt"],
])("kept ones that were %j, with keepalive in force: %s, mean %s", (outcomes, isOn, verdict) => {
  const kernel = isOn
    ? { ...NO_KERNEL_OPTIONS, keepaliveIdleMs: { value: 2_000, source: "set" as const } }
    : NO_KERNEL_OPTIONS;
  const bracket = bracketOf([sample(5_000, "survived"), sample(6_000, "silent")]);
  const kept = outcomes.map((outcome) => sample(8_000, outcome, { group: "keepalive" }));
  expect(keepaliveOf(kept, bracket, kernel).verdict).toBe(verdict);
  // Where nothing died without keepalive, it cannot be told what kept the others alive.
  const patient = bracketOf([sample(5_000, "survived")]);
  expect(keepaliveOf(kept, patient, kernel).verdict).toBe("not learnt");
});

test("round trips", () => {
  expect(rttOf([])).toBeUndefined();
  expect(rttOf([30, 1, 2])).toEqual({ minMs: 1, medianMs: 2, maxMs: 30, count: 3 });
});
