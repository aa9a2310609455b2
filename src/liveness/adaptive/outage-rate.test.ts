import { expect, test } from "vitest";
import { OutageRate } from "./outage-rate.ts";

const after = (beats: number, every: number): number => {
  const rate = new OutageRate();
  for (let beat = 1; beat <= beats; beat++) {
    rate.survived();
    if (beat % every === 0) rate.failed();
  }
  return rate.credibleCount;
};

test("on an ordinary network two weak failures within some fifty beats are no chance", () => {
  expect(new OutageRate().credibleCount).toBe(50);
  expect(after(2_000, Infinity)).toBe(60);
});

test("the more outages show, the nearer two weak failures must be", () => {
  expect(after(2_000, 50)).toBeGreaterThan(9);
  expect(after(2_000, 50)).toBeLessThan(18);
  expect(after(2_000, 5)).toBe(5);
});

test("old weather is forgotten", () => {
  const rate = new OutageRate();
  for (let n = 0; n < 500; n++) {
    rate.survived();
    rate.failed();
  }
  for (let n = 0; n < 20_000; n++) rate.survived();
  expect(rate.credibleCount).toBe(60);
});
