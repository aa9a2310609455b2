import { expect, test } from "vitest";
import { type Random, seededRandom } from "../base/random.ts";
import { backoffMs } from "./backoff.ts";
import { checkBackoff } from "./backoff-check.ts";
import type { DelayOf } from "./storm.ts";

function kinds(delayOf: DelayOf, capMs: number): string[] {
  const findings = checkBackoff(delayOf, capMs, seededRandom(11));
  return findings.map(({ what, attempt }) => `${what} at ${attempt}`);
}

/**
 * The arithmetic of socket.io-client's backoff (1 s doubled, half of it up or down, clamped to 5 s
 * at the very end, then forced into 32 bits), in our own words.
 */
function clampedAfterJitter(attempt: number, random: Random): number {
  const grown = 1_000 * 2 ** attempt;
  const draw = random.next();
  const deviation = Math.floor(draw * 0.5 * grown);
  const isUp = Math.floor(draw * 10) % 2 === 1;
  return Math.min(isUp ? grown + deviation : grown - deviation, 5_000) | 0;
}

test("ours has no finding, at the default cap and at small ones", () => {
  for (const capMs of [20, 1_000, 60_000, 3_600_000]) {
    const config = { baseMs: Math.min(1_000, capMs), factor: 2, capMs };
    expect(kinds((attempt, random) => backoffMs(config, attempt, random), capMs)).toEqual([]);
  }
});

test("socket.io's is caught: all clients at exactly 5000 ms, and 0 ms after 1015 attempts", () => {
  const findings = checkBackoff(clampedAfterJitter, 5_000, seededRandom(11));
  const late = checkBackoff((_, random) => clampedAfterJitter(4, random), 5_000, seededRandom(11));
  expect(late[0]?.sentence).toBe("attempt 0 waits 5000 ms in 400 of 400 draws");
  const loop = findings.find(({ what }) => what === "hot-loop");
  expect(loop?.attempt).toBe(1_015);
  expect(loop?.sentence).toMatch(/^attempt 1015 waits 0 ms in (1[5-9]|2[0-4])\d of 400 draws$/);
  expect(findings.map(({ what }) => what).sort()).toEqual(["collapsed", "hot-loop"]);
});

test("jitter on top of the cap, no jitter, NaN and a loop are each caught by name", () => {
  const onTop: DelayOf = (attempt, random) =>
    Math.min(60_000, 1_000 * 1.6 ** attempt) * (0.8 + 0.4 * random.next());
  expect(kinds(onTop, 60_000)).toEqual(["above-cap at 9"]);
  const none: DelayOf = (attempt) => Math.min(60_000, 1_000 * 2 ** attempt);
  expect(kinds(none, 60_000)).toEqual(["collapsed at 0"]);
  const half: DelayOf = (_, random) => Math.min(30_000, 1_000 + 58_000 * random.next());
  expect(kinds(half, 60_000)).toEqual(["collapsed at 0"]);
  const notANumber: DelayOf = (attempt, random) =>
    attempt < 1_020 ? 1 + random.next() : Number.NaN;
  expect(kinds(notANumber, 60_000)).toContain("not-a-delay at 1020");
  const wrapped: DelayOf = (attempt, random) =>
    attempt === 2 ** 31 ? 0.5 * random.next() : 1_000 * (1 + random.next());
  expect(kinds(wrapped, 60_000)).toEqual(["hot-loop at 2147483648"]);
});
