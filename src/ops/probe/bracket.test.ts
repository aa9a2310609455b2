import fc from "fast-check";
import { expect, test } from "vitest";
import { bracketOf, isSettled } from "./bracket.ts";
import { planIdleTimes, toleranceMs } from "./idle-plan.ts";
import type { Outcome, Sample } from "./sample.ts";

function sample(idleMs: number, outcome: Outcome): Sample {
  const common = { id: idleMs, group: "plain" as const, plannedMs: idleMs, atMs: idleMs };
  return { ...common, idleMs, outcome, afterMs: undefined, why: undefined };
}

/** What a path that forgets after so long does to each idle time of the usual plan. */
function samplesOf(forgetMs: number): Sample[] {
  return planIdleTimes(5_000, 1_200_000, 126).idleTimesMs.map((idleMs) =>
    sample(idleMs, idleMs < forgetMs ? "survived" : "silent"),
  );
}

test("without contradictions the bracket holds the timeout, and is as narrow as promised", () => {
  fc.assert(
    fc.property(fc.integer({ min: 5_001, max: 1_200_000 }), (forgetMs) => {
      const { survivedMs = 0, diedMs = 0, contradictions } = bracketOf(samplesOf(forgetMs));
      expect(contradictions).toEqual([]);
      expect(survivedMs).toBeLessThan(forgetMs);
      expect(diedMs).toBeGreaterThanOrEqual(forgetMs);
      expect(diedMs - survivedMs).toBeLessThanOrEqual(toleranceMs(forgetMs));
    }),
  );
});

test("samples that contradict are listed, and never more than there are", () => {
  const flips = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 600_000 }), flips, (forgetMs, flipped) => {
      const wrong = new Set(flipped);
      const samples = samplesOf(forgetMs).map((one, at) =>
        wrong.has(at) ? sample(one.idleMs, one.outcome === "silent" ? "survived" : "silent") : one,
      );
      const { contradictions, confidence } = bracketOf(samples);
      expect(contradictions.length).toBeLessThanOrEqual(wrong.size);
      if (contradictions.length > 0) expect(confidence).not.toBe("certain");
    }),
  );
});

test("one death below many survivors moves nothing, and is named", () => {
  const samples = [
    ...[5, 6, 7, 9, 10].map((s) => sample(s * 1_000, "survived")),
    sample(8_000, "silent"),
    ...[11, 12, 13].map((s) => sample(s * 1_000, "reset")),
  ];
  const bracket = bracketOf(samples);
  expect(bracket).toMatchObject({ survivedMs: 10_000, diedMs: 11_000, deathCount: 3 });
  expect(bracket.contradictions.map(({ idleMs }) => idleMs)).toEqual([8_000]);
  expect(bracket.confidence).toBe("unsure");
  // A contradiction asks for more deaths before anybody stops waiting.
  expect(isSettled(bracket)).toBe(false);
  const more = [...samples, sample(14_000, "reset"), sample(15_000, "reset")];
  expect(isSettled(bracketOf(more))).toBe(true);
});

test("of two answers that are equally good the shorter one is given", () => {
  const bracket = bracketOf(
    [sample(5_000, "survived"), sample(6_000, "silent")].concat(
      sample(8_000, "survived"),
      sample(9_000, "silent"),
    ),
  );
  expect(bracket).toMatchObject({ survivedMs: 5_000, diedMs: 6_000, confidence: "unsure" });
});

test("an end that was seen is exact, a survivor at that very moment contradicts nothing", () => {
  const bracket = bracketOf([
    sample(5_000, "survived"),
    sample(6_998, "finished-idle"),
    sample(7_001, "finished-idle"),
    sample(7_002, "finished-idle"),
    sample(7_003, "survived"),
  ]);
  expect(bracket).toMatchObject({ survivedMs: 6_998, diedMs: 6_998, isExact: true });
  expect(bracket).toMatchObject({ contradictions: [], confidence: "certain" });
});

test("what was discarded says nothing", () => {
  const bracket = bracketOf([sample(5_000, "discarded"), sample(6_000, "discarded")]);
  expect(bracket).toMatchObject({ survivedMs: undefined, diedMs: undefined, confidence: "unsure" });
});
