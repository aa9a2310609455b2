import fc from "fast-check";
import { expect, test } from "vitest";
import { planIdleTimes, toleranceMs } from "./idle-plan.ts";

test("the usual plan: seconds at first, then steps of 5 %, ending at the longest", () => {
  const { idleTimesMs, isFine } = planIdleTimes(5_000, 1_200_000, 126);
  expect(isFine).toBe(true);
  expect(idleTimesMs.slice(0, 4)).toEqual([5_000, 6_000, 7_000, 8_000]);
  expect(idleTimesMs.at(-1)).toBe(1_200_000);
  expect(idleTimesMs.length).toBeLessThan(126);
});

test("with few connections the steps grow, and it says so", () => {
  const { idleTimesMs, isFine } = planIdleTimes(5_000, 1_200_000, 10);
  expect(isFine).toBe(false);
  expect(idleTimesMs).toHaveLength(10);
  expect([idleTimesMs[0], idleTimesMs.at(-1)]).toEqual([5_000, 1_200_000]);
});

test("whatever the ends: ascending, from the one to the other, and fine where it says so", () => {
  const ends = fc.tuple(
    fc.integer({ min: 100, max: 60_000 }),
    fc.integer({ min: 1, max: 10 ** 8 }),
  );
  fc.assert(
    fc.property(ends, fc.integer({ min: 2, max: 300 }), ([minMs, moreMs], countMax) => {
      const maxMs = minMs + moreMs;
      const { idleTimesMs, isFine } = planIdleTimes(minMs, maxMs, countMax);
      expect(idleTimesMs.length).toBeLessThanOrEqual(countMax);
      expect([idleTimesMs[0], idleTimesMs.at(-1)]).toEqual([minMs, maxMs]);
      for (const [at, idleMs] of idleTimesMs.slice(1).entries()) {
        const before = idleTimesMs[at] ?? 0;
        expect(idleMs).toBeGreaterThanOrEqual(before);
        if (isFine) expect(idleMs - before).toBeLessThanOrEqual(toleranceMs(before));
      }
    }),
  );
});
