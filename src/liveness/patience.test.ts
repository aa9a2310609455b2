import fc from "fast-check";
import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { Patience } from "./patience.ts";
import { StallLog } from "./stall-log.ts";

const T0 = 1_000 as Instant;

function patience() {
  const stalls = new StallLog({ stallToleranceMs: 100 });
  stalls.recordTick(T0, T0, 0);
  return { stalls, wait: new Patience(stalls) };
}

test("a wait is over at its end, and not before it began or after it was ended", () => {
  const { wait } = patience();
  expect(wait.isOver(T0)).toBe(false);
  wait.begin(500, T0);
  expect(wait.deadline()).toBe(later(T0, 500));
  expect(wait.isOver(later(T0, 499))).toBe(false);
  expect(wait.isOver(later(T0, 500))).toBe(true);
  wait.end();
  expect(wait.isOver(later(T0, 9_000))).toBe(false);
});

test("5.5 our lateness: property: each wait is prolonged by it, at most by itself", () => {
  const waits = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(waits, fc.integer({ min: 101, max: 100_000 }), (waitMs, lateMs) => {
      const { stalls, wait } = patience();
      wait.begin(waitMs, T0);
      const wokenAt = later(T0, lateMs);
      stalls.recordTick(T0, wokenAt, lateMs);
      const excusedMs = Math.min(waitMs, lateMs);
      const endsAt = later(T0, waitMs + excusedMs);
      expect(wait.isOver(wokenAt)).toBe(wokenAt >= endsAt);
      expect(wait.isOver(later(endsAt, -0.5))).toBe(false);
      expect(wait.isOver(endsAt)).toBe(true);
    }),
  );
});
