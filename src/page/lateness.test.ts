/** Our own lateness on a page: what is a stall, what a sleep, and what waits make of it. */
import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { Lateness, Wait } from "./lateness.ts";

const at = (ms: number): Instant => ms as Instant;
/** How far the wall clock is ahead. */
const AHEAD_MS = 1_700_000_000_000;

function tick(late: Lateness, dueAt: number, now: number, jumpMs = 0): unknown {
  return late.tick(dueAt, at(now), now + AHEAD_MS + jumpMs);
}

test("ordinary lateness is nothing, more than the tolerance is a stall", () => {
  const late = new Lateness(250);
  expect(tick(late, 1_000, 1_250)).toBeUndefined();
  expect(tick(late, 2_000, 2_251)).toEqual({ lateMs: 251, suspended: false });
  expect(late.totalMs).toBe(251);
  expect(late.sleptAt).toBe(-Infinity);
});

test("lateness is counted once, though the timer was due long before the last look", () => {
  const late = new Lateness(250);
  tick(late, 1_000, 3_000);
  expect(tick(late, 1_000, 3_100)).toBeUndefined();
  expect(tick(late, 1_000, 3_600)).toEqual({ lateMs: 500, suspended: false });
  expect(late.totalMs).toBe(2_500);
});

test("ten seconds late are a sleep, and so is a wall clock that ran ahead", () => {
  const late = new Lateness(250);
  expect(tick(late, 1_000, 10_999)).toEqual({ lateMs: 9_999, suspended: false });
  expect(tick(late, 11_000, 21_000)).toEqual({ lateMs: 10_000, suspended: true });
  expect(late.sleptAt).toBe(21_000);
  expect(tick(late, 22_000, 22_000, 3_600_000)).toEqual({ lateMs: 0, suspended: true });
  // Only the clock may have been set: nothing was late.
  expect(late.sleptAt).toBe(21_000);
});

test("small steps of the wall clock, and steps back, are nothing", () => {
  const late = new Lateness(250);
  tick(late, 1_000, 1_000);
  expect(tick(late, 2_000, 2_000, 1_000)).toBeUndefined();
  expect(tick(late, 3_000, 3_000, -3_600_000)).toBeUndefined();
});

test("a wait is over after its time, and never while it does not run", () => {
  const wait = new Wait(new Lateness(250), 5_000);
  expect([wait.isRunning, wait.until]).toEqual([false, Infinity]);
  wait.begin(at(1_000));
  expect([wait.isRunning, wait.until]).toEqual([true, 6_000]);
  wait.end();
  expect([wait.isRunning, wait.until]).toEqual([false, Infinity]);
});

test("lateness since its beginning moves a wait, by its own length at most", () => {
  const late = new Lateness(250);
  tick(late, 0, 500);
  const wait = new Wait(late, 5_000);
  wait.begin(at(1_000));
  expect(wait.until).toBe(6_000);
  tick(late, 1_000, 3_000);
  expect(wait.until).toBe(8_000);
  tick(late, 3_000, 60_000);
  expect(wait.until).toBe(11_000);
  wait.begin(at(60_000));
  expect(wait.until).toBe(65_000);
});

test("each full step of 64 KiB begins a wait anew, and less does not", () => {
  const wait = new Wait(new Lateness(250), 5_000);
  wait.gained(1_000_000, at(0));
  expect(wait.isRunning).toBe(false);
  wait.begin(at(0));
  wait.gained(65_535, at(1_000));
  expect(wait.until).toBe(5_000);
  wait.gained(1, at(2_000));
  expect(wait.until).toBe(7_000);
  wait.gained(65_535, at(3_000));
  expect(wait.until).toBe(7_000);
});
