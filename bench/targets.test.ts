import { expect, test } from "vitest";
import { TARGETS } from "./targets.ts";

test("no two targets have the same title", () => {
  expect(new Set(TARGETS.map(({ title }) => title)).size).toBe(TARGETS.length);
});

test("to stretch is harder than what must be", () => {
  for (const { title, better, must, stretch } of TARGETS) {
    if (stretch === undefined) continue;
    if (better === "higher") expect(stretch, title).toBeGreaterThan(must);
    else expect(stretch, title).toBeLessThan(must);
  }
});

test("costs and shares are told as shares, never as percents", () => {
  const shares = TARGETS.filter(({ unit }) => unit === "share");
  expect(shares.length).toBeGreaterThan(10);
  for (const { title, must } of shares) expect(must, title).toBeLessThanOrEqual(0.1);
});
