import fc from "fast-check";
import { expect, test } from "vitest";
import {
  parseDuration,
  parseSize,
  sayDuration,
  sayPrecisely,
  saySize,
  writeDuration,
  writeSize,
} from "./duration.ts";

test.each([
  ["250ms", 250],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["0s", 0],
])("%s is %i milliseconds", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "30", "30 s", "-1s", "1e3s", "5d", "s", "1.s", ".5s", "30S", "Infinityms", "0x1s"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("whatever is written as a duration is read back as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (ms) => {
      expect(parseDuration(writeDuration(ms))).toBe(ms);
    }),
  );
  expect(writeDuration(60_000)).toBe("1m");
  expect(writeDuration(1_500)).toBe("1.5s");
  expect(writeDuration(90_000)).toBe("90s");
});

test.each([
  ["512B", 512],
  ["64KiB", 65_536],
  ["1MiB", 1_048_576],
  ["0.5MiB", 524_288],
  ["2GiB", 2_147_483_648],
])("%s is %i bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["1MB", "1", "1 MiB", "-1B", "mib"])("%j is no size", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test("whatever is written as a size is read back as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000 }), (bytes) => {
      expect(parseSize(writeSize(bytes))).toBe(bytes);
    }),
  );
  expect(writeSize(1_048_576)).toBe("1MiB");
});

test("sentences round durations and sizes to what a reader needs", () => {
  expect([0.2, 3.4, 999, 60_200, 30_000, 300_000, 7_500_000].map(sayDuration)).toEqual([
    "less than 1 ms",
    "3 ms",
    "999 ms",
    "60.2 s",
    "30 s",
    "5 min",
    "2 h 5 min",
  ]);
  expect([1, 12, 66_048, 1_048_576].map(saySize)).toEqual([
    "1 byte",
    "12 bytes",
    "64.5 KiB",
    "1 MiB",
  ]);
});

test.each([
  [30_010, "30 s"],
  [350_000, "5 min 50 s"],
  [240_000, "4 min"],
  [7_199_000, "119 min 59 s"],
  [7_440_000, "2 h 4 min"],
  [86_400_000, "24 h"],
  [432_000_000, "5 days"],
])("%i ms is said precisely as %s", (ms, text) => {
  expect(sayPrecisely(ms)).toBe(text);
});
