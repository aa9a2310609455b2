import fc from "fast-check";
import { expect, test } from "vitest";
import { judge } from "./verdict.ts";

/** Deviates of a normal distribution, from a seed, so that what this asserts is one fact. */
function normalFrom(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Ratios of starts that vary by `noise` around `ratio`. */
function starts(ratio: number, noise: number, count: number, normal: () => number): number[] {
  return Array.from({ length: count }, () => ratio * Math.exp(noise * normal()));
}

test("a tenth less is found where starts vary by two percent, in nearly every run", () => {
  const normal = normalFrom(7);
  const runs = Array.from({ length: 1_000 }, () =>
    judge(starts(0.9, 0.02, 6, normal), starts(1, 0.02, 6, normal)),
  );
  expect(runs.filter(({ isChanged }) => isChanged).length).toBeGreaterThan(980);
});

test("equals are told apart in less than one comparison of a hundred", () => {
  const normal = normalFrom(11);
  const runs = Array.from({ length: 10_000 }, () =>
    judge(starts(1, 0.02, 6, normal), starts(1, 0.02, 6, normal)),
  );
  expect(runs.filter(({ isChanged }) => isChanged).length).toBeLessThan(100);
});

test("a change that the reference shows against itself is none", () => {
  const change = [0.94, 0.941, 0.939, 0.94];
  expect(judge(change, [1, 1.001, 0.999, 1]).isChanged).toBe(true);
  expect(judge(change, [0.96, 0.961, 0.959, 0.96]).isChanged).toBe(false);
});

test("a sure but tiny change is not worth a word", () => {
  expect(judge([1.01, 1.0101, 1.0099, 1.01], [1, 1, 1, 1]).isChanged).toBe(false);
});

test("one start decides nothing, and none is no fault", () => {
  expect(judge([0.5], [1])).toMatchObject({ isChanged: false, high: Number.POSITIVE_INFINITY });
  expect(judge([], []).isChanged).toBe(false);
});

test("property: the interval holds the change, and swapping the two swaps its sign", () => {
  const ratios = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(ratios, (some) => {
      const verdict = judge(some, []);
      expect(verdict.low).toBeLessThanOrEqual(verdict.change + 1e-9);
      expect(verdict.high).toBeGreaterThanOrEqual(verdict.change - 1e-9);
      const swapped = judge(
        some.map((ratio) => 1 / ratio),
        [],
      );
      expect((1 + swapped.change) * (1 + verdict.change)).toBeCloseTo(1, 9);
      expect(swapped.isChanged).toBe(verdict.isChanged);
    }),
  );
});
