import { expect, test } from "vitest";
import { resolveClientLiveness, resolveServerLiveness } from "./options.ts";

test("defaults", () => {
  const shared = {
    answerWithinMs: false,
    timeoutMs: 60_000,
    drainTimeoutMs: 60_000,
    pauseMsMax: 60_000,
    stallToleranceMs: 250,
    userTimeoutMs: 70_000,
    warnings: [],
  };
  expect(resolveClientLiveness()).toEqual({ ...shared, intervalMs: 30_000, pong: "expected" });
  expect(resolveServerLiveness()).toEqual({
    ...shared,
    leaseMsMin: 1_000,
    leaseMsMax: 60_000,
    pingIntervalMsMin: 100,
  });
});

test("leases follow the timeout", () => {
  const { leaseMsMin, leaseMsMax } = resolveServerLiveness({ timeoutMs: 1_000 });
  expect([leaseMsMin, leaseMsMax]).toEqual([500, 1_000]);
});

test("an interval over half of the timeout is warned about, naming both", () => {
  expect(resolveClientLiveness({ timeoutMs: 60_000 }).warnings).toEqual([]);
  const { warnings } = resolveClientLiveness({ heartbeat: { intervalMs: 30_001 } });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/`heartbeat.intervalMs` \(30001\).*`timeoutMs` \(60000\)/);
});

test("what contradicts is refused with a sentence that names both", () => {
  expect(() => resolveServerLiveness({ leaseMsMin: 2_000, leaseMsMax: 1_000 })).toThrow(
    /`leaseMsMin` \(2000\) must not exceed `leaseMsMax` \(1000\)/,
  );
  expect(() =>
    resolveClientLiveness({ deadWithinMs: 9_000, heartbeat: { intervalMs: 50 } }),
  ).toThrow(/`deadWithinMs` derives `heartbeat.intervalMs`/);
  expect(() => resolveServerLiveness({ deadWithinMs: 9_000, timeoutMs: 60_000 })).toThrow(
    /`deadWithinMs` derives `timeoutMs`/,
  );
});

test("the one knob sets the parts, on either side", () => {
  expect(resolveClientLiveness({ deadWithinMs: 9_000 })).toMatchObject({
    intervalMs: 6_000,
    answerWithinMs: 3_000,
    drainTimeoutMs: 9_000,
    userTimeoutMs: 19_000,
  });
  expect(resolveServerLiveness({ deadWithinMs: 40_000 })).toMatchObject({
    timeoutMs: 27_272,
    leaseMsMax: 27_272,
    answerWithinMs: 10_000,
  });
});

test("ranges and unknown keys are named", () => {
  const wrong: [object, RegExp][] = [
    [{ heartbeat: { intervalMs: 9 } }, /`intervalMs` must be a whole number from 10 to 86400000/],
    [{ heartbeat: { pong: false } }, /`pong` must be one of "expected", "none"/],
    [{ heartbeat: { interval: 9 } }, /`interval` is not an option/],
    [{ heartbeat: 30 }, /expected an object/],
    [{ leaseMsMin: 9 }, /`leaseMsMin` is not an option/],
    [{ deadWithinMs: 0 }, /`deadWithinMs` must be .* or false/],
  ];
  for (const [options, sentence] of wrong) {
    expect(() => resolveClientLiveness(options)).toThrow(sentence);
  }
});
