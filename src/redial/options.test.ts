import { expect, test } from "vitest";
import { resolveRedial } from "./options.ts";

test("the defaults are those of the documentation", () => {
  expect(resolveRedial(undefined, 10_000)).toEqual({
    attemptsMax: 10,
    giveUpAfterMs: false,
    baseMs: 1_000,
    factor: 2,
    capMs: 60_000,
    attemptTimeoutMs: 10_000,
    stableAfterMs: 30_000,
  });
});

test("a connection counts as stable after two intervals where those are longer than 30 s", () => {
  expect(resolveRedial({}, 30_000).stableAfterMs).toBe(60_000);
  expect(resolveRedial({}, 14_000).stableAfterMs).toBe(30_000);
});

test("a base above the usual cap lifts the cap along; a cap below the base is refused", () => {
  expect(resolveRedial({ baseMs: 90_000 }, 0).capMs).toBe(90_000);
  expect(() => resolveRedial({ baseMs: 5_000, capMs: 4_000 }, 0)).toThrow(
    "redial: `capMs` must be a whole number from 5000 to 3600000, got 4000",
  );
});

test("off is said with false, and neither with 0 nor for what cannot be off", () => {
  const off = resolveRedial({ attemptsMax: false, giveUpAfterMs: false }, 0);
  expect([off.attemptsMax, off.giveUpAfterMs]).toEqual([false, false]);
  expect(() => resolveRedial({ attemptsMax: 0 }, 0)).toThrow("`attemptsMax` must be");
  expect(() => resolveRedial({ attemptTimeoutMs: false as never }, 0)).toThrow(
    "`attemptTimeoutMs`",
  );
  expect(() => resolveRedial({ factor: Number.NaN }, 0)).toThrow("`factor` must be");
});

test("jitter is not an option", () => {
  expect(() => resolveRedial({ jitter: false } as never, 0)).toThrow("`jitter` is not an option");
});
