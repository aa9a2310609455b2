import fc from "fast-check";
import { expect, test } from "vitest";
import { rungAbove } from "./ladder.ts";

test("the rungs stand below the round timeouts, by 3 s or 4 %", () => {
  expect(rungAbove(25_000)).toBe(27_000);
  expect(rungAbove(41_000)).toBe(57_000);
  expect(rungAbove(300_000)).toBe(336_000);
  expect(rungAbove(500_000)).toBe(576_000);
});

test("a beat that jitter made shorter than its rung still leads to the next rung", () => {
  expect(rungAbove(0.95 * 336_000)).toBe(384_000);
});

test("each step is upwards, and by half at most, also below and above the ladder", () => {
  fc.assert(
    fc.property(fc.double({ min: 10, max: 86_400_000, noNaN: true }), (provenMs) => {
      const nextMs = rungAbove(provenMs);
      expect(nextMs).toBeGreaterThan(provenMs);
      expect(nextMs).toBeLessThanOrEqual(1.5 * provenMs);
    }),
  );
});
