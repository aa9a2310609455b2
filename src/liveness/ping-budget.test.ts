import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { PingBudget, type PingRuling } from "./ping-budget.ts";

const at = (ms: number): Instant => ms as Instant;

/** Pings every `everyMs` from `from` to `to`; the rulings in order, and when "end" came first. */
function pings(
  budget: PingBudget,
  everyMs: number,
  from: number,
  to: number,
): { rulings: PingRuling[]; endAt: number | undefined } {
  const rulings: PingRuling[] = [];
  let endAt: number | undefined;
  for (let ms = from; ms <= to; ms += everyMs) {
    const ruling = budget.ping(at(ms));
    rulings.push(ruling);
    if (ruling === "end") endAt ??= ms;
  }
  return { rulings, endAt };
}

const count = (rulings: PingRuling[], which: PingRuling): number =>
  rulings.filter((one) => one === which).length;

test("5.9 ping budget: a burst of 50 is answered, then one per interval for ever", () => {
  const budget = new PingBudget(100, 50, "frame");
  const burst = Array.from({ length: 50 }, () => budget.ping(at(0)));
  expect(count(burst, "answer")).toBe(50);
  const steady = pings(budget, 100, 100, 3_600_000);
  expect(count(steady.rulings, "answer")).toBe(steady.rulings.length);
  // However long it was quiet, the bucket holds no more than the burst.
  const later = Array.from({ length: 60 }, () => budget.ping(at(99_000_000)));
  expect(count(later, "answer")).toBe(50);
});

test("5.9 ping budget: a frame peer is told once, then coalesced, then ended", () => {
  const budget = new PingBudget(100, 50, "frame");
  const { rulings, endAt } = pings(budget, 10, 0, 70_000);
  const firstOver = rulings.indexOf("slow");
  expect(count(rulings.slice(0, firstOver), "answer")).toBe(firstOver);
  expect(count(rulings, "slow")).toBe(1);
  expect(endAt).toBeGreaterThanOrEqual(firstOver * 10 + 60_000);
  expect(endAt).toBeLessThan(firstOver * 10 + 60_100);
  // Answers, coalesced ones aside, do not exceed the budget.
  expect(count(rulings.slice(0, 6_000), "answer")).toBeLessThanOrEqual(50 + 600 + 1);
});

test("5.9 ping budget: who calms down is forgiven, and told again the next time", () => {
  const budget = new PingBudget(100, 50, "frame");
  expect(count(pings(budget, 10, 0, 50_000).rulings, "slow")).toBe(1);
  expect(count(pings(budget, 10, 56_000, 100_000).rulings, "slow")).toBe(1);
  expect(pings(budget, 10, 106_000, 160_000).endAt).toBeUndefined();
});

test("5.9 ping budget: a line peer is ended only at ten times the budget for 60 s", () => {
  const fast = pings(new PingBudget(100, 50, "line"), 12, 0, 300_000);
  expect(fast.endAt).toBeUndefined();
  expect(count(fast.rulings, "slow")).toBe(0);
  expect(count(fast.rulings, "coalesce")).toBeGreaterThan(1_000);
  const flood = pings(new PingBudget(100, 50, "line"), 5, 0, 300_000);
  expect(flood.endAt).toBeGreaterThanOrEqual(60_000);
  expect(flood.endAt).toBeLessThan(70_000);
});

test("the coalesced answer has one due time, and a later answer covers it", () => {
  const budget = new PingBudget(100, 1, "line");
  expect([budget.ping(at(0)), budget.coalescedDueAt]).toEqual(["answer", undefined]);
  expect([budget.ping(at(10)), budget.coalescedDueAt]).toEqual(["coalesce", 110]);
  expect([budget.ping(at(20)), budget.coalescedDueAt]).toEqual(["coalesce", 110]);
  expect([budget.ping(at(105)), budget.coalescedDueAt]).toEqual(["answer", undefined]);
  budget.ping(at(110));
  budget.coalescedAnswered();
  expect(budget.coalescedDueAt).toBeUndefined();
});

test("without a budget everything is answered", () => {
  const { rulings } = pings(new PingBudget(false, 50, "frame"), 1, 0, 5_000);
  expect(count(rulings, "answer")).toBe(rulings.length);
});
