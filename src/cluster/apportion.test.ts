import fc from "fast-check";
import { expect, test } from "vitest";
import { apportion, type Claim, deal, sum } from "./apportion.ts";

const EVEN: Claim = { used: 0, wanted: 0, max: 1_000, hunger: 0 };

test("those who need nothing share alike, to the last unit", () => {
  expect(apportion(10, 0, [EVEN, EVEN, EVEN])).toEqual([4, 3, 3]);
});

test("the hungry get most of what is free, and all of it once it is little", () => {
  const hungry: Claim = { ...EVEN, used: 50, wanted: 50, hunger: 1 };
  expect(apportion(90, 0, [hungry, EVEN])).toEqual([85, 5]);
  expect(apportion(52, 0, [hungry, EVEN])).toEqual([52, 0]);
});

test("the last unit goes to one that had to refuse, not to one that is only low", () => {
  const low: Claim = { ...EVEN, used: 3, wanted: 3, hunger: 1 };
  expect(apportion(4, 0, [low, EVEN, { ...EVEN, hunger: 2 }])).toEqual([3, 0, 1]);
});

test("what is wanted goes before what is only welcome", () => {
  const wants = { ...EVEN, used: 10, wanted: 40 };
  const hungry: Claim = { ...EVEN, used: 10, wanted: 10, hunger: 1 };
  expect(apportion(50, 0, [wants, hungry])).toEqual([40, 10]);
});

test("nobody is given more than it can use", () => {
  expect(apportion(100, 0, [{ ...EVEN, max: 5, hunger: 1 }, EVEN])).toEqual([5, 95]);
});

test("the floor goes before what is wanted", () => {
  const greedy: Claim = { ...EVEN, wanted: 100, hunger: 1 };
  expect(apportion(20, 5, [greedy, EVEN])).toEqual([15, 5]);
});

const claim = fc
  .record({
    used: fc.nat(200),
    more: fc.nat(200),
    max: fc.nat(500),
    hunger: fc.constantFrom(0 as const, 1 as const, 2 as const),
  })
  .map(({ used, more, max, hunger }) => {
    return { used, wanted: used + more, max: Math.max(used, max), hunger };
  });

test("property: shares hold what is used, and add up to the total or to what can be used", () => {
  const claims = fc.array(claim, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.nat(3_000), fc.nat(20), claims, (total, floor, all) => {
      const shares = apportion(total, floor, all);
      const used = sum(all.map((one) => one.used));
      const usable = sum(all.map((one) => one.max));
      expect(sum(shares)).toBe(Math.max(used, Math.min(total, usable)));
      for (const [at, { used: held, max }] of all.entries()) {
        expect(shares[at]).toBeGreaterThanOrEqual(held);
        expect(shares[at]).toBeLessThanOrEqual(max);
      }
    }),
  );
});

test("property: whoever is hungry gets something of what is free", () => {
  const claims = fc.array(claim, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(claims, fc.integer({ min: 0, max: 11 }), (all, pick) => {
      const at = pick % all.length;
      const starving = { used: 0, wanted: 0, max: 1_000, hunger: 2 as const };
      const claims_ = all.map((one, index) => (index === at ? starving : one));
      const wanted = sum(claims_.map((one) => one.wanted));
      const shares = apportion(wanted + 2 * claims_.length, 0, claims_);
      expect(shares[at]).toBeGreaterThan(0);
    }),
  );
});

test("property: dealing gives all there is, and nobody more than another who still wishes", () => {
  const wishes = fc.array(fc.nat(50), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(fc.nat(400), wishes, (amount, all) => {
      const parts = deal(amount, all);
      expect(sum(parts)).toBe(Math.min(amount, sum(all)));
      const unsatisfied = parts.filter((part, at) => part < (all[at] ?? 0));
      for (const part of parts) {
        for (const less of unsatisfied) expect(part).toBeLessThanOrEqual(less + 1);
      }
    }),
  );
});
