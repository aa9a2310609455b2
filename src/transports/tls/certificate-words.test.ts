import { expect, test } from "vitest";
import { sayDate, sayDays, sayTimes } from "./certificate-words.ts";

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2026, 0, 1);
const TO = Date.UTC(2026, 10, 23);

test("how long ago a certificate expired, and when", () => {
  expect(sayTimes(FROM, TO, TO + 3 * DAY_MS)).toBe("expired 3 days ago, on 2026-11-23: renew it");
  expect(sayTimes(FROM, TO, TO + 1)).toContain("expired less than a day ago");
});

test("from when on it will be valid", () => {
  expect(sayTimes(FROM, TO, FROM - DAY_MS)).toBe(
    "is valid only from 2026-01-01, in 1 day: are the clocks of both machines right?",
  );
});

test("in its own time it is one of those above that is not", () => {
  expect(sayTimes(FROM, TO, FROM + DAY_MS)).toContain("one between it and its authority");
});

test("a date that cannot be read is told as such", () => {
  expect([sayDate(Number.NaN), sayDays(2 * DAY_MS)]).toEqual(["never", "2 days"]);
});
