import fc from "fast-check";
import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { PING_BURST, PingBudget } from "../liveness/ping-budget.ts";
import { RestTable } from "./rest-table.ts";

const at = (ms: number): Instant => ms as Instant;
const PING_BYTES = 5;
const GAP_MS = 100;

/** Pings `count` times at one moment; how many were taken. */
function pingAll(table: RestTable, slot: number, count: number, ms: number): number {
  let taken = 0;
  for (let i = 0; i < count; i += 1) {
    if (table.ping(slot, PING_BYTES, GAP_MS, Float64Array.of(ms))) taken += 1;
  }
  return taken;
}

test("a row takes what a budget answers, and leaves what it leaves, to the last bit", () => {
  const gaps = fc.array(fc.oneof(fc.double({ min: 0, max: 300, noNaN: true }), fc.constant(0)), {
    minLength: 100,
    maxLength: 400,
  });
  let early = 0;
  fc.assert(
    fc.property(gaps, (steps) => {
      const table = new RestTable();
      const budget = new PingBudget(GAP_MS, PING_BURST, "line");
      table.add(3, at(0), 0);
      let now = 1_000;
      for (const gapMs of steps) {
        now += gapMs;
        const isAnswered = budget.ping(at(now)) === "answer";
        expect(table.ping(3, PING_BYTES, GAP_MS, Float64Array.of(now))).toBe(isAnswered);
        if (!isAnswered) return; // Then it gets up, and the budget goes on.
        const { pingsLeft } = table.read(3);
        if (pingsLeft !== undefined) early += 1;
        expect(pingsLeft ?? { pings: 49, linePings: 499 }).toEqual(budget.left);
      }
    }),
  );
  expect(early).toBeGreaterThan(1_000);
});

test("a ping above the budget writes nothing down", () => {
  const table = new RestTable();
  table.add(0, at(0), 0);
  expect(pingAll(table, 0, 60, 5)).toBe(50);
  const before = table.read(0);
  expect(table.ping(0, PING_BYTES, GAP_MS, Float64Array.of(50))).toBe(false);
  expect(table.read(0)).toEqual(before);
});

test("who gets a row that was used gets a full budget with it, and so does its neighbour", () => {
  const table = new RestTable();
  table.add(0, at(0), 0);
  table.add(1, at(0), 0);
  pingAll(table, 0, 60, 5);
  expect(pingAll(table, 1, 60, 5)).toBe(50);
  table.remove(0);
  table.add(0, at(6), 0);
  expect(table.read(0).pingsLeft).toBeUndefined();
  expect(pingAll(table, 0, 60, 6)).toBe(50);
});

test("without a budget every ping is taken, and nothing is kept of it", () => {
  const table = new RestTable();
  table.add(0, at(0), 0);
  const { bytes } = table;
  const without = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 1_000; i += 1) table.ping(0, PING_BYTES, without, Float64Array.of(5));
  expect(table.read(0).pingsIn).toBe(1_000);
  expect(table.bytes).toBe(bytes);
});

test("budgets come with the first early ping of a block, and go with the block", () => {
  const table = new RestTable();
  for (let slot = 0; slot < 256; slot += 1) table.add(slot, at(0), 0);
  for (let slot = 0; slot < 256; slot += 1)
    table.ping(slot, PING_BYTES, GAP_MS, Float64Array.of(slot));
  expect(table.bytes).toBe(256 * 8 * 8);
  table.ping(7, PING_BYTES, GAP_MS, Float64Array.of(20));
  expect(table.bytes).toBe(256 * (8 + 2) * 8);
  for (let slot = 0; slot < 256; slot += 1) table.remove(slot);
  expect(table.bytes).toBe(0);
});
