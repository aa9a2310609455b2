import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { MuteWatch } from "./mute-watch.ts";

const T0 = 10_000 as Instant;
const WINDOW_MS = 2_000;
const ENDS_AT = later(T0, WINDOW_MS);

/** Reads at `at` what was asked for when that was due. */
function readAt(watch: MuteWatch, at: Instant, unackedBytes: number): boolean {
  watch.asked(watch.readAt() ?? at);
  return watch.read(unackedBytes, at);
}

/** A ping of 5 bytes went out at T0, and the first reading was answered so late. */
function watchAfterFirst(lateMs: number): MuteWatch {
  const watch = new MuteWatch();
  watch.begin(WINDOW_MS, T0);
  watch.handed(5);
  expect(watch.readAt()).toBe(T0);
  readAt(watch, later(T0, lateMs), 5);
  return watch;
}

test("the first reading is asked for so early that two come before the end", () => {
  for (const [windowMs, firstMs] of [
    [1_000, 0],
    [3_000, 1_000],
    [5_000, 2_500],
  ] as const) {
    const watch = new MuteWatch();
    watch.begin(windowMs, T0);
    expect(watch.readAt()).toBe(later(T0, firstMs));
  }
});

test("readings that take a second to be answered do not put the end off", () => {
  const watch = watchAfterFirst(999);
  readAt(watch, later(T0, 1_999), 5);
  expect(watch.overdueAt).toBe(later(ENDS_AT, 50));
});

test("the last reading ends it at once, or clears the peer", () => {
  for (const left of [5, 4]) {
    const watch = watchAfterFirst(25);
    readAt(watch, later(T0, 1_000), 5);
    expect(watch.overdueAt).toBe(later(ENDS_AT, 50));
    expect(readAt(watch, ENDS_AT, left)).toBe(left === 4);
    expect(watch.overdueAt).toBe(left === 4 ? undefined : ENDS_AT);
  }
});

test("two readings in quick succession prove nothing", () => {
  const watch = watchAfterFirst(1_900);
  readAt(watch, ENDS_AT, 5);
  expect(watch.overdueAt).toBeUndefined();
  const againAt = later(ENDS_AT, 1_000);
  expect(watch.readAt()).toBe(againAt);
  readAt(watch, againAt, 5);
  expect(watch.overdueAt).toBe(againAt);
});

test("a later ping does not start a watch anew whose last reading is still to come", () => {
  const watch = watchAfterFirst(1_900);
  readAt(watch, ENDS_AT, 5);
  const at = later(ENDS_AT, 1_000);
  watch.begin(WINDOW_MS, at);
  watch.handed(5);
  readAt(watch, at, 10);
  expect(watch.overdueAt).toBe(at);
});

test("a count that fell, or is empty, ends the watch: the host lives", () => {
  for (const left of [0, 4]) {
    const watch = watchAfterFirst(0);
    expect(readAt(watch, later(T0, 1_500), left)).toBe(true);
    expect(watch.isRunning).toBe(false);
  }
});
