import fc from "fast-check";
import { expect, test } from "vitest";
import { fullestWindow, histogram, quantile } from "./arrivals.ts";

test("the fullest window is found wherever it lies, and is no sum of neighbours", () => {
  expect(fullestWindow([], 10, 100)).toBe(0);
  expect(fullestWindow([5, 1, 9, 9, 1], 10, 20)).toBe(18);
  expect(fullestWindow([7, 0, 0, 7], 10, 20)).toBe(7);
  expect(fullestWindow([7, 0, 0, 7], 10, 1_000)).toBe(14);
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 20 }), (counts, width) => {
      const sums = counts.map((_, bin) =>
        counts.slice(bin, bin + width).reduce((sum, count) => sum + count, 0),
      );
      expect(fullestWindow(counts, 10, width * 10)).toBe(Math.max(0, ...sums));
    }),
  );
});

test("a histogram counts each value, and its quantiles are values of it", () => {
  const counts = histogram([1, 1, 3, 2, 1, 0]);
  expect(counts).toEqual([4, 1, 1]);
  expect([quantile(counts, 0.5), quantile(counts, 0.7), quantile(counts, 1)]).toEqual([1, 2, 3]);
  expect(histogram([])).toEqual([]);
});
