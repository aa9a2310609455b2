import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { Reading } from "./reading.ts";

const at = (ms: number): Instant => ms as Instant;

test("a pause has one end, however often it is asked for, and the next one a new end", () => {
  const reading = new Reading(1_000, new StallLog({ stallToleranceMs: 250 }));
  expect([reading.isPaused, reading.dueAt, reading.isOver(at(9_999))]).toEqual([
    false,
    undefined,
    false,
  ]);
  expect(reading.resume()).toBe(false);
  expect([reading.pause(at(0)), reading.pause(at(900)), reading.dueAt]).toEqual([
    true,
    false,
    1_000,
  ]);
  expect([reading.isOver(at(999)), reading.isOver(at(1_000))]).toEqual([false, true]);
  expect([reading.resume(), reading.resume(), reading.isPaused]).toEqual([true, false, false]);
  expect([reading.pause(at(5_000)), reading.dueAt]).toEqual([true, 6_000]);
});
