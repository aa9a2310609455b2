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
  const client = { ...shared, intervalMs: 30_000, adaptive: false, pong: "expected" };
  expect(resolveClientLiveness()).toEqual(client);
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

test("an adaptive interval has a range, and begins at its shortest", () => {
  const { intervalMs, adaptive } = resolveClientLiveness({ heartbeat: { adaptive: {} } });
  const choice = { intervalMsMin: 25_000, intervalMsMax: 600_000, memory: undefined };
  expect(adaptive).toEqual(choice);
  expect(intervalMs).toBe(25_000);
  const off = resolveClientLiveness({ heartbeat: { adaptive: false } });
  expect([off.adaptive, off.intervalMs]).toEqual([false, 30_000]);
});

test.each([
  [{ adaptive: {}, intervalMs: 5_000 }, /`adaptive` replaces `intervalMs`/],
  [{ adaptive: {}, pong: "none" }, /`pong` must not be "none"/],
  [{ adaptive: { intervalMsMin: 5 } }, /heartbeat.adaptive: `intervalMsMin` must be .* got 5/],
  [{ adaptive: { intervalMsMin: 9_000, intervalMsMax: 8_000 } }, /from 9000 to 86400000, got 8000/],
  [{ adaptive: { max: 8_000 } }, /heartbeat.adaptive: `max` is not an option/],
  [{ adaptive: { memory: "file" } }, /`memory` must be a store/],
  [{ adaptive: true }, /heartbeat.adaptive: expected an object of options, got true/],
] as const)("%o is refused", (heartbeat, sentence) => {
  expect(() => resolveClientLiveness({ heartbeat: heartbeat as object })).toThrow(sentence);
});

test("a bound in numbers and an interval that moves exclude each other", () => {
  const both = { deadWithinMs: 9_000, heartbeat: { adaptive: {} } };
  expect(() => resolveClientLiveness(both)).toThrow(/derives `heartbeat.adaptive`|`deadWithinMs`/);
});
