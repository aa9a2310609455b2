import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { median, roundRatios, summarise } from "./summary.ts";

const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
/** Sorting does not tell 0 from -0, and nothing measured is -0. */
const values = fc.array(
  value.map((one) => one + 0),
  { minLength: 1, maxLength: 30 },
);
const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });

/** Some rounds of ten, each once, in any order, as two contenders with faults would have them. */
const rounds = fc.uniqueArray(fc.record({ round: fc.nat(9), value: positive }), {
  selector: ({ round }) => round,
});

describe("summarise", () => {
  test("says nothing of nothing", () => {
    expect(summarise([])).toBeUndefined();
    expect(median([])).toBeUndefined();
  });

  test("takes the middle, or the mean of the two in the middle", () => {
    expect(summarise([3, 1, 2])).toEqual({ count: 3, median: 2, min: 1, max: 3, spread: 0.5 });
    expect(summarise([4, 1, 2, 10])).toEqual({ count: 4, median: 3, min: 1, max: 10, spread: 1.5 });
    expect(summarise([7])).toEqual({ count: 1, median: 7, min: 7, max: 7, spread: 0 });
  });

  test("orders by number and not by text", () => {
    expect(summarise([9, 100, 20])?.median).toBe(20);
  });

  test("a spread is a share of the size of the median, whatever its sign", () => {
    expect(summarise([-3, -1, -2])?.spread).toBe(0.5);
    expect(summarise([-1, 0, 1])?.spread).toBe(0);
  });

  test("as many values are below the median as above it", () => {
    fc.assert(
      fc.property(values, (all) => {
        const middle = median(all) ?? Number.NaN;
        const below = all.filter((one) => one < middle).length;
        const above = all.filter((one) => one > middle).length;
        expect(below).toBeLessThanOrEqual(all.length / 2);
        expect(above).toBeLessThanOrEqual(all.length / 2);
      }),
    );
  });

  test("neither the order of the values matters, nor are they touched", () => {
    fc.assert(
      fc.property(values, (all) => {
        const before = [...all];
        expect(summarise(all.toReversed())).toEqual(summarise(all));
        expect(all).toEqual(before);
      }),
    );
  });

  test("the ends hold all values, and the spread is half of what lies between them", () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (all) => {
        const { min, max, median: middle, spread, count } = summarise(all) ?? expect.fail();
        expect(all.every((one) => one >= min && one <= max)).toBe(true);
        expect(all).toContain(min);
        expect(all).toContain(max);
        expect(count).toBe(all.length);
        expect(spread * middle * 2).toBeCloseTo(max - min, 5);
      }),
    );
  });
});

describe("roundRatios", () => {
  test("divides within a round, in whichever order the rounds are listed", () => {
    const ours = [
      { round: 0, value: 10 },
      { round: 1, value: 40 },
    ];
    const theirs = [
      { round: 1, value: 10 },
      { round: 0, value: 5 },
    ];
    expect(roundRatios(ours, theirs)).toEqual([2, 4]);
  });

  test("leaves out what cannot be divided by", () => {
    const ours = [0, 1, 2].map((round) => ({ round, value: 1 }));
    const theirs = [0, -1, 4].map((number, round) => ({ round, value: number }));
    expect(roundRatios(ours, theirs)).toEqual([0.25]);
  });

  test("there is one for each round that both have", () => {
    fc.assert(
      fc.property(rounds, rounds, (ours, theirs) => {
        const known = new Set(theirs.map(({ round }) => round));
        const shared = ours.filter(({ round }) => known.has(round));
        expect(roundRatios(ours, theirs)).toHaveLength(shared.length);
      }),
    );
  });

  test("what slows a whole round cancels", () => {
    const factors = fc.array(positive, { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(rounds, positive, factors, (ours, times, slow) => {
        const slowed = ours.map(({ round, value: own }) => ({
          round,
          value: own * (slow[round] ?? 1),
        }));
        const theirs = slowed.map(({ round, value: own }) => ({ round, value: own / times }));
        for (const found of roundRatios(slowed, theirs)) expect(found / times).toBeCloseTo(1, 9);
      }),
    );
  });

  test("swapping the two turns every ratio over", () => {
    fc.assert(
      fc.property(rounds, (ours) => {
        const theirs = ours.map(({ round }) => ({ round, value: round + 1 }));
        const there = roundRatios(ours, theirs);
        const back = roundRatios(theirs, ours);
        for (const [at, found] of there.entries())
          expect(found * (back[at] ?? 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});
