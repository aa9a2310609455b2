import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clientInterval,
  deadWithin,
  deadWithinOfServer,
  graceMs,
  isClamped,
  leaseFor,
} from "./lease.ts";

const LIMITS = { leaseMsMin: 1_000, leaseMsMax: 60_000, timeoutMs: 45_000 };

test("grace is a tenth of the lease, and 2 s at least", () => {
  expect([0, 20_000, 20_010, 600_000].map(graceMs)).toEqual([2_000, 2_000, 2_001, 60_000]);
});

test("a lease is clamped into the limits; nothing promised is the timeout", () => {
  expect([leaseFor(0, LIMITS), isClamped(0, LIMITS)]).toEqual([45_000, false]);
  expect([leaseFor(999, LIMITS), isClamped(999, LIMITS)]).toEqual([1_000, true]);
  expect([leaseFor(60_000, LIMITS), isClamped(60_000, LIMITS)]).toEqual([60_000, false]);
  expect([leaseFor(86_400_000, LIMITS), isClamped(86_400_000, LIMITS)]).toEqual([60_000, true]);
});

test("a client keeps to half of the timeout unless it announces its interval", () => {
  const welcome = { leaseMsMin: 1_000, leaseMsMax: 600_000 };
  expect(clientInterval(300_000, welcome, 60_000, true)).toBe(300_000);
  expect(clientInterval(300_000, welcome, 60_000, false)).toBe(30_000);
  expect(clientInterval(900_000, welcome, 60_000, true)).toBe(600_000);
  expect(clientInterval(10, welcome, 60_000, true)).toBe(1_000);
});

test("no server can turn a client into a busy loop, or silence it for more than a day", () => {
  const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(
      numbers,
      numbers,
      numbers,
      numbers,
      fc.boolean(),
      (want, min, max, timeout, says) => {
        const ms = clientInterval(want, { leaseMsMin: min, leaseMsMax: max }, timeout, says);
        expect(ms).toBeGreaterThanOrEqual(10);
        expect(ms).toBeLessThanOrEqual(86_400_000);
        expect(Number.isInteger(ms)).toBe(true);
      },
    ),
  );
});

test("the one knob keeps its word: the derived parts add up to no more than the bound", () => {
  fc.assert(
    fc.property(fc.integer({ min: 5_000, max: 86_400_000 }), (ms) => {
      const ours = deadWithin(ms);
      expect(ours.intervalMs + ours.answerWithinMs).toBe(ms);
      expect(ours.userTimeoutMs).toBeGreaterThan(ours.drainTimeoutMs);
      const { timeoutMs, answerWithinMs } = deadWithinOfServer(ms);
      const boundMs = timeoutMs + graceMs(timeoutMs) + answerWithinMs;
      expect(boundMs).toBeLessThanOrEqual(ms + 1e-6);
      expect(boundMs).toBeGreaterThan(ms - 3);
      expect(timeoutMs).toBeGreaterThan(1_000);
    }),
  );
});
