import { expect, test } from "vitest";
import { type Instant, later, latest } from "../base/time.ts";
import { LivenessMonitor, type MonitorAction } from "./monitor.ts";
import { StallLog } from "./stall-log.ts";

const T0 = 10_000 as Instant;
const ANSWER_MS = 1_500;
const AHEAD_BYTES = 1_000_000;

/** All that is due at `now`. */
function due(monitor: LivenessMonitor, now: Instant): MonitorAction[] {
  const actions: MonitorAction[] = [];
  for (let next = monitor.poll(now); next !== undefined; next = monitor.poll(now)) {
    actions.push(next);
  }
  return actions;
}

/**
 * A client pinged a reader that had a megabyte to read first, and the kernel's count was read
 * whenever that was due: always the same. Now is the moment at which the silence ends.
 */
function atTheEnd(): { monitor: LivenessMonitor; endsAt: Instant } {
  const stalls = new StallLog({ stallToleranceMs: 250 });
  const config = { answerWithinMs: ANSWER_MS, drainTimeoutMs: 60_000 };
  const monitor = new LivenessMonitor(config, stalls, { next: () => 0 }, T0);
  monitor.pinged(1, 0, T0);
  const pingedAt = later(T0, 10);
  monitor.heard(pingedAt);
  monitor.answered(1, pingedAt); // A sample, so that doubt comes early.
  monitor.pinged(2, AHEAD_BYTES, pingedAt);
  const endsAt = later(pingedAt, ANSWER_MS);
  for (let now = monitor.deadline(); now !== undefined && now < endsAt; now = monitor.deadline()) {
    if (!due(monitor, now).includes("measure")) continue;
    monitor.unacked(5_000, now);
    due(monitor, now);
  }
  expect(due(monitor, endsAt)).toEqual(["measure"]);
  return { monitor, endsAt };
}

test("the end of a silence waits for one more reading, and not for long", () => {
  const { monitor, endsAt } = atTheEnd();
  expect(due(monitor, endsAt)).toEqual([]);
  expect(monitor.deadline()).toBe(later(endsAt, 50));
  expect(due(monitor, later(endsAt, 50))).toContain("expired");
});

test("output that moved just before the end is seen, and the peer lives", () => {
  const { monitor, endsAt } = atTheEnd();
  monitor.unacked(4_000, endsAt);
  expect(due(monitor, endsAt)).toEqual(["slow"]);
  expect(monitor.verdict).toBe("slow");
});

test("a last reading that found nothing moved ends it at once", () => {
  const { monitor, endsAt } = atTheEnd();
  monitor.unacked(5_000, endsAt);
  expect(due(monitor, endsAt)).toEqual(["expired"]);
});

test("a shut window of a kernel that answers: a count that stands kills nobody", () => {
  const { monitor, endsAt } = atTheEnd();
  monitor.unacked(5_000, endsAt, true);
  expect(due(monitor, endsAt)).toEqual([]);
  expect(monitor.deadline()).toBeGreaterThan(endsAt);
});

/** What is due up to `to`, with the same count and an open window at each reading. */
function dueBetween(monitor: LivenessMonitor, from: Instant, to: Instant): MonitorAction[] {
  const all: MonitorAction[] = [];
  let now = from;
  while (now <= to) {
    const actions = due(monitor, now);
    if (actions.includes("measure")) monitor.unacked(5_000, now, false);
    all.push(...actions, ...due(monitor, now));
    const next = monitor.deadline();
    if (next === undefined) break;
    now = latest(now, next);
  }
  return all;
}

// Found as a live reader of 10 KB a second that was ended the moment its window had opened, before
// its kernel could acknowledge anything of what had waited for that.
test("a window that has just opened: the peer has a whole answer time from then on", () => {
  const { monitor, endsAt } = atTheEnd();
  monitor.unacked(5_000, endsAt, true);
  const openedAt = later(endsAt, 6_000);
  monitor.unacked(5_000, openedAt, false);
  const lastAt = later(openedAt, ANSWER_MS - 1);
  expect(dueBetween(monitor, openedAt, lastAt)).not.toContain("expired");
  expect(dueBetween(monitor, lastAt, later(openedAt, ANSWER_MS + 50))).toContain("expired");
});

test("a window that opens at last prolongs no silence beyond the drain timeout", () => {
  const { monitor, endsAt } = atTheEnd();
  monitor.unacked(5_000, endsAt, true);
  const drainedAt = later(endsAt, 60_000 - ANSWER_MS);
  const openedAt = later(drainedAt, -100);
  monitor.unacked(5_000, openedAt, false);
  expect(dueBetween(monitor, openedAt, later(drainedAt, 50))).toContain("expired");
});
