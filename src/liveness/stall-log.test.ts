import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { StallLog } from "./stall-log.ts";

const at = (ms: number): Instant => ms as Instant;
const log = (): StallLog => new StallLog({ stallToleranceMs: 250 });

test("lateness counts above the tolerance only, and overlaps are cut to the time asked for", () => {
  const stalls = log();
  expect(stalls.recordTick(at(1_000), at(1_250), 1_250)).toBeUndefined();
  expect(stalls.recordTick(at(2_000), at(3_500), 3_500)).toEqual({
    at: 3_500,
    lateMs: 1_500,
    suspended: false,
  });
  expect(stalls.totalMs).toBe(1_500);
  expect(stalls.lateMsSince(at(0), at(9_000))).toBe(1_500);
  expect(stalls.lateMsSince(at(3_000), at(9_000))).toBe(500);
  expect(stalls.lateMsSince(at(0), at(2_400))).toBe(400);
  expect(stalls.lateMsSince(at(3_500), at(9_000))).toBe(0);
});

test("no moment is counted twice when an alarm was overdue already when it was set", () => {
  const stalls = log();
  stalls.recordTick(at(0), at(4_000), 4_000);
  expect(stalls.recordTick(at(1_000), at(4_100), 4_100)).toBeUndefined();
  stalls.recordTick(at(1_000), at(5_000), 5_000);
  expect(stalls.totalMs).toBe(4_900);
});

test("older stalls are merged: memory is bounded and no lateness is lost", () => {
  const stalls = log();
  for (let n = 1; n <= 500; n++)
    stalls.recordTick(at(n * 1_000), at(n * 1_000 + 300), n * 1_000 + 300);
  expect(stalls.totalMs).toBe(150_000);
  expect(stalls.lateMsSince(at(0), at(1_000_000))).toBe(150_000);
  expect(stalls.lateMsSince(at(499_900), at(1_000_000))).toBe(300);
});

test("a monotonic clock that ran through the sleep: very late, and suspended", () => {
  const stalls = log();
  stalls.recordTick(at(0), at(0), 0);
  expect(stalls.recordTick(at(1_000), at(3_601_000), 3_601_000)).toEqual({
    at: 3_601_000,
    lateMs: 3_600_000,
    suspended: true,
  });
});

test("a monotonic clock that stood still: only the wall clock tells, and nothing was late", () => {
  const stalls = log();
  stalls.recordTick(at(0), at(0), 1e12);
  const woken = stalls.recordTick(at(1_000), at(1_010), 1e12 + 3_601_000);
  expect(woken).toEqual({ at: 1_010, lateMs: 0, suspended: true });
  expect(stalls.totalMs).toBe(0);
  expect(stalls.last).toBe(woken);
});

test("small corrections of the wall clock, and steps back, say nothing", () => {
  const stalls = log();
  stalls.recordTick(at(0), at(0), 1e12);
  expect(stalls.recordTick(at(1_000), at(1_000), 1e12 + 1_900)).toBeUndefined();
  expect(stalls.recordTick(at(2_000), at(2_000), 1e12 - 1e9)).toBeUndefined();
});
