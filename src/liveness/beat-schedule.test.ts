import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { type BeatStyle, BeatSchedule } from "./beat-schedule.ts";

const T0 = 1_000 as Instant;
const NO_JITTER = { next: (): number => 0 };

/** How long after the first word of a pause the next one is due. */
function pausedGapMs(intervalMs: number | undefined, style: BeatStyle): number | undefined {
  const beats = new BeatSchedule(T0);
  beats.set(intervalMs, style, undefined, NO_JITTER, T0);
  beats.pause(T0);
  expect(beats.dueAt(T0, T0, false)).toBe(T0);
  beats.sent(NO_JITTER, T0);
  const dueAt = beats.dueAt(later(T0, 10), later(T0, 10), false);
  return dueAt === undefined ? undefined : dueAt - T0;
}

test.each(["always", "when-quiet"] as const)(
  "%s: while reading is paused a word of life goes out every 2 s, or each shorter interval",
  (style) => {
    expect(pausedGapMs(30_000, style)).toBe(2_000);
    expect(pausedGapMs(undefined, style)).toBe(2_000);
    expect(pausedGapMs(300, style)).toBe(300);
  },
);
