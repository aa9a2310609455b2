import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { LivenessMonitor, type MonitorAction } from "./monitor.ts";
import { StallLog } from "./stall-log.ts";

const at = (ms: number): Instant => ms as Instant;
const CONFIG = { answerWithinMs: 5_000, drainTimeoutMs: 60_000 };

function make(): { monitor: LivenessMonitor; stalls: StallLog } {
  const stalls = new StallLog({ stallToleranceMs: 250 });
  return { stalls, monitor: new LivenessMonitor(CONFIG, stalls, seededRandom(1), at(0)) };
}

/** All that is due at `now`, each "beat" and "verify" answered by a ping. */
function pollAll(monitor: LivenessMonitor, now: number): MonitorAction[] {
  const actions: MonitorAction[] = [];
  for (let due = monitor.poll(at(now)); due !== undefined; due = monitor.poll(at(now))) {
    actions.push(due);
    if (due === "beat" || due === "verify") monitor.pinged(7, 0, at(now));
  }
  return actions;
}

test("a round trip is told for the outstanding ping only, and once", () => {
  const { monitor } = make();
  monitor.pinged(3, 0, at(100));
  expect([monitor.outstanding, monitor.pingsOutstanding]).toEqual([{ seq: 3, at: 100 }, 1]);
  expect(monitor.answered(2, at(140))).toBeUndefined();
  expect(monitor.answered(3, at(150))).toBe(50);
  expect(monitor.answered(3, at(160))).toBeUndefined();
  expect([monitor.estimator.latestMs, monitor.pingsOutstanding]).toEqual([50, 0]);
});

test("a late pong for a ping that was replaced is no sample", () => {
  const { monitor } = make();
  monitor.pinged(1, 0, at(0));
  monitor.heard(at(10));
  monitor.pinged(2, 0, at(1_000));
  expect(monitor.answered(1, at(1_010))).toBeUndefined();
  expect(monitor.estimator.srttMs).toBeUndefined();
  expect(monitor.outstanding?.seq).toBe(2);
});

test("a round trip in which we paused, or were late, is told and not learnt from", () => {
  const paused = make().monitor;
  paused.pinged(1, 0, at(0));
  paused.pause(at(10));
  paused.resume(at(9_000));
  expect(paused.answered(1, at(9_001))).toBe(9_001);
  expect(paused.estimator.srttMs).toBeUndefined();

  const { monitor, stalls } = make();
  monitor.pinged(1, 0, at(0));
  stalls.recordTick(at(10), at(2_000), 2_000);
  expect(monitor.answered(1, at(2_001))).toBe(2_001);
  expect(monitor.estimator.srttMs).toBeUndefined();
});

test("what was not read since the last byte is told, until the next", () => {
  const { monitor } = make();
  monitor.heard(at(1_000));
  expect(monitor.unreadMs).toBe(0);
  monitor.pause(at(1_500));
  monitor.resume(at(9_000));
  expect(monitor.unreadMs).toBe(8_000);
  monitor.heard(at(9_001));
  expect(monitor.unreadMs).toBe(0);
});

test("a quick beat slows to one a second while an answer is missing, but for plain clients", () => {
  for (const [style, most, least] of [
    ["when-quiet", 6, 4],
    ["always", 55, 45],
  ] as const) {
    const { monitor } = make();
    monitor.setBeat(100, style, at(0));
    let beats = 0;
    for (let ms = 0; ms < 5_000; ms++) {
      beats += pollAll(monitor, ms).filter((action) => action === "beat").length;
    }
    expect(beats).toBeLessThanOrEqual(most);
    expect(beats).toBeGreaterThanOrEqual(least);
    expect(monitor.outstanding?.at).toBeLessThan(100);
  }
});

test("what comes after the end changes nothing, not even the record", () => {
  const { monitor } = make();
  monitor.heard(at(5));
  monitor.pinged(1, 0, at(6));
  monitor.dead(at(10));
  monitor.heard(at(20));
  monitor.spoke(at(20), 1);
  monitor.moved(at(20));
  monitor.pinged(2, 0, at(20));
  monitor.unacked(0, at(20));
  monitor.pause(at(20));
  monitor.resume(at(21));
  monitor.verifySoon(at(22));
  expect(monitor.hold(5, at(23))).toBe(false);
  expect(monitor.answered(1, at(24))).toBeUndefined();
  expect([monitor.heardAt, monitor.spokeAt, monitor.movedAt]).toEqual([5, 0, undefined]);
  expect([monitor.verdict, monitor.deadline(), monitor.outstanding?.seq]).toEqual([
    "dead",
    undefined,
    1,
  ]);
});

test("what was never heard is told apart from what was heard at the beginning", () => {
  const { monitor } = make();
  expect([monitor.everHeard, monitor.heardAt]).toEqual([false, 0]);
  monitor.heard(at(0));
  expect(monitor.everHeard).toBe(true);
});

test("nothing to hold where nothing expired", () => {
  const { monitor } = make();
  monitor.setAllowance(1_000);
  expect(monitor.hold(5_000, at(500))).toBe(false);
  expect(pollAll(monitor, 1_000).at(-1)).toBe("expired");
});

// Ours: what had moved before a pause was taken for news of the silence after it.
test("a reading from before a pause is compared with none after it", () => {
  const { monitor } = make();
  monitor.setAllowance(60_000);
  monitor.spoke(at(0), 10);
  expect(pollAll(monitor, 56_000)).toContain("measure");
  monitor.unacked(10, at(56_000));
  monitor.pause(at(57_000));
  monitor.resume(at(58_000));
  expect(pollAll(monitor, 58_000 + 56_000)).toContain("measure");
  monitor.unacked(0, at(58_000 + 56_000));
  expect(monitor.movedAt).toBeUndefined();
  expect(pollAll(monitor, 58_000 + 60_000)).toEqual(["measure"]);
  expect(pollAll(monitor, 58_000 + 60_050)).toEqual(["expired"]);
});

// Ours: a frozen process never died, as at each reading another ping was just on its way.
test("a kernel that takes one ping after another proves nothing of its process", () => {
  const { monitor } = make();
  monitor.setBeat(1_000, "always", at(0));
  let diedAt: number | undefined;
  for (let ms = 0; ms < 60_000 && diedAt === undefined; ms += 10) {
    for (let due = monitor.poll(at(ms)); due !== undefined; due = monitor.poll(at(ms))) {
      if (due === "beat" || due === "verify") {
        monitor.pinged(1, 0, at(ms));
        monitor.spoke(at(ms), 6);
      }
      if (due === "measure") monitor.unacked(6, at(ms));
      if (due === "expired") diedAt = ms;
      if (due === "expired") monitor.dead(at(ms));
    }
  }
  // The first fall is news; after it one answer time is waited for.
  expect(diedAt).toBeLessThan(1_000 + 5_000 + 5_000);
});

// Ours: a plain peer that reads a fast stream and says nothing was taken for a frozen one.
test("a peer that takes more than its kernel holds is alive, though it says nothing", () => {
  const { monitor } = make();
  monitor.setAllowance(60_000);
  const perSecond = 1_000_000;
  let expired = false;
  for (let ms = 0; ms < 300_000 && !expired; ms += 100) {
    monitor.spoke(at(ms), perSecond / 10);
    for (let due = monitor.poll(at(ms)); due !== undefined; due = monitor.poll(at(ms))) {
      if (due === "measure") monitor.unacked(perSecond / 2, at(ms));
      expired ||= due === "expired";
    }
  }
  expect(expired).toBe(false);
});

test("the answer is waited for from when its ping left, and not from when it was queued", () => {
  const { monitor } = make();
  monitor.setVerify(true);
  monitor.pinged(1, 0, at(100));
  monitor.pingLeft(at(3_000));
  expect(pollAll(monitor, 5_200)).not.toContain("expired");
  expect(pollAll(monitor, 7_990)).not.toContain("expired");
  expect(pollAll(monitor, 8_000)).toContain("expired");
  monitor.dead(at(8_000));
  monitor.pingLeft(at(8_001));
  expect(monitor.deadline()).toBeUndefined();
});
