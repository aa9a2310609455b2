import { expect, test } from "vitest";
import type { Random } from "../base/random.ts";
import { backoffMs, delayCapMs, jitteredMs } from "./backoff.ts";

const CONFIG = { baseMs: 1_000, factor: 2, capMs: 60_000 };

function always(value: number): Random {
  return { next: () => value };
}

test("the cap doubles from the base and stops at the cap", () => {
  const caps = [0, 1, 2, 3, 4, 5, 6, 7].map((attempt) => delayCapMs(CONFIG, attempt));
  expect(caps).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test("the attempts at which others overflow are like any late attempt", () => {
  for (const attempt of [1_014, 1_015, 1_023, 1_024, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    expect(delayCapMs(CONFIG, attempt)).toBe(60_000);
    expect(backoffMs(CONFIG, attempt, always(0.5))).toBe(30_050);
  }
});

test("a factor of 1 stays at the base, and so does a cap that equals it", () => {
  expect(delayCapMs({ ...CONFIG, factor: 1 }, 2 ** 53 - 1)).toBe(1_000);
  expect(delayCapMs({ ...CONFIG, capMs: 1_000 }, 0)).toBe(1_000);
  expect(delayCapMs({ ...CONFIG, capMs: 1_000, factor: 1 }, 7)).toBe(1_000);
});

test("a draw lies between the floor and the cap, both ends included or not as stated", () => {
  expect(jitteredMs(60_000, always(0))).toBe(100);
  expect(jitteredMs(60_000, always(1 - 2 ** -32))).toBe(59_999);
  expect(jitteredMs(20, always(0))).toBe(10);
  expect(jitteredMs(0, always(0.9))).toBe(0);
});
