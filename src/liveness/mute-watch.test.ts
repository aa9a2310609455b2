import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { MuteWatch } from "./mute-watch.ts";

const T0 = 1_000 as Instant;
const WINDOW_MS = 2_000;

/** A ping of 5 bytes went out at T0, and its first reading came so late. */
function watchAfterFirst(lateMs: number): MuteWatch {
  const watch = new MuteWatch();
  watch.begin(WINDOW_MS, T0);
  watch.handed(5);
  const firstAt = later(T0, WINDOW_MS / 2);
  expect(watch.readAt()).toBe(firstAt);
  watch.asked(firstAt);
  watch.read(5, later(firstAt, lateMs));
  return watch;
}

test("a first reading that came a tick late does not put the verdict off", () => {
  const watch = watchAfterFirst(25);
  const endsAt = later(T0, WINDOW_MS);
  expect(watch.readAt()).toBe(endsAt);
  watch.asked(endsAt);
  watch.read(5, endsAt);
  expect(watch.overdueAt).toBe(endsAt);
});

test("two readings in quick succession prove nothing", () => {
  const watch = watchAfterFirst(WINDOW_MS / 2 - 100);
  const endsAt = later(T0, WINDOW_MS);
  watch.asked(endsAt);
  watch.read(5, endsAt);
  expect(watch.overdueAt).toBeUndefined();
  const againAt = later(endsAt, 1_000);
  expect(watch.readAt()).toBe(againAt);
  watch.asked(againAt);
  watch.read(5, againAt);
  expect(watch.overdueAt).toBe(againAt);
});

test("a later ping does not start a watch anew whose last reading is still to come", () => {
  const watch = watchAfterFirst(WINDOW_MS / 2 - 100);
  watch.asked(later(T0, WINDOW_MS));
  watch.read(5, later(T0, WINDOW_MS));
  const at = later(T0, WINDOW_MS + 1_000);
  watch.begin(WINDOW_MS, at);
  watch.handed(5);
  watch.asked(at);
  watch.read(10, at);
  expect(watch.overdueAt).toBe(at);
});

test("a count that fell, or is empty, ends the watch: the host lives", () => {
  for (const left of [0, 4]) {
    const watch = watchAfterFirst(0);
    expect(watch.read(left, later(T0, 1_500))).toBe(true);
    expect(watch.isRunning).toBe(false);
  }
});
