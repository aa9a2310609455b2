import fc from "fast-check";
import { expect, test } from "vitest";
import { rotated } from "./rounds.ts";

test("property: each round has everybody once", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat()), fc.nat({ max: 50 }), (items, round) => {
      const turned = rotated(items, round);
      expect(turned).toHaveLength(items.length);
      expect(new Set(turned)).toEqual(new Set(items));
    }),
  );
});

test("nobody comes first in two rounds in a row, nor always after the same one", () => {
  const items = Array.from({ length: 14 }, (_, index) => index);
  const orders = [0, 1, 2, 3, 4].map((round) => rotated(items, round));
  for (const [round, order] of orders.entries()) {
    if (round > 0) expect(order[0]).not.toBe(orders[round - 1]?.[0]);
  }
  const before = orders.map((order) => order[order.indexOf(3) - 1]);
  expect(new Set(before).size).toBeGreaterThan(1);
});

test("three take turns in all six orders", () => {
  const orders = [0, 1, 2, 3, 4, 5].map((round) => rotated(["a", "b", "c"], round).join(""));
  expect(new Set(orders).size).toBe(6);
});
