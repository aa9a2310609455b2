import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { ProgressWatch } from "./progress-watch.ts";
import { StallLog } from "./stall-log.ts";

const NO_STALLS = new StallLog({ stallToleranceMs: 250 });

const at = (ms: number): Instant => ms as Instant;

test("only a full step, or the end, buys more time", () => {
  const watch = new ProgressWatch(60_000, NO_STALLS);
  watch.gained(1_000_000, at(0));
  expect([watch.deadline(), watch.overdue(at(1e9))]).toEqual([undefined, false]);
  watch.begin(at(1_000));
  watch.begin(at(2_000));
  expect(watch.deadline()).toBe(61_000);
  watch.gained(65_535, at(30_000));
  expect(watch.deadline()).toBe(61_000);
  watch.gained(1, at(40_000));
  expect(watch.deadline()).toBe(100_000);
  expect([watch.overdue(at(99_999)), watch.overdue(at(100_000))]).toEqual([false, true]);
  watch.done();
  expect([watch.deadline(), watch.overdue(at(1e9))]).toEqual([undefined, false]);
});

test("a trickle does not live for ever, and earlier gains do not count for the next", () => {
  const watch = new ProgressWatch(1_000, NO_STALLS, 100);
  watch.begin(at(0));
  for (let ms = 0; ms < 1_000; ms += 100) watch.gained(9, at(ms));
  expect(watch.overdue(at(1_000))).toBe(true);
  watch.done();
  watch.begin(at(2_000));
  watch.gained(99, at(2_500));
  expect(watch.deadline()).toBe(3_000);
});
