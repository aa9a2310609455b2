import { expect, test } from "vitest";
import { RttEstimator } from "./rtt-estimator.ts";

test("follows the worked numbers of RFC 6298: first sample, then alpha 1/8 and beta 1/4", () => {
  const rtt = new RttEstimator();
  expect([rtt.srttMs, rtt.rttvarMs, rtt.latestMs, rtt.ptoMs()]).toEqual([
    undefined,
    undefined,
    undefined,
    1_000,
  ]);
  rtt.sample(100);
  expect([rtt.srttMs, rtt.rttvarMs, rtt.ptoMs()]).toEqual([100, 50, 100 + 200 + 25]);
  rtt.sample(180);
  // |100 - 180| counts before the mean moves: 50 * 3/4 + 80 / 4.
  expect([rtt.srttMs, rtt.rttvarMs, rtt.latestMs]).toEqual([110, 57.5, 180]);
  expect(rtt.ptoMs()).toBe(110 + 4 * 57.5 + 25);
});

test("a path without any variance still has a margin", () => {
  const rtt = new RttEstimator();
  for (let n = 0; n < 200; n++) rtt.sample(0);
  expect(rtt.ptoMs()).toBe(26);
});

test("the answer time is three probe timeouts within 5 s and 15 s, or what was fixed", () => {
  const rtt = new RttEstimator();
  expect(rtt.answerWithinMs(false)).toBe(5_000);
  expect(rtt.answerWithinMs(70)).toBe(70);
  rtt.sample(1_000); // 1,000 + 2,000 + 25
  expect(rtt.answerWithinMs(false)).toBe(9_075);
  rtt.sample(60_000);
  expect(rtt.answerWithinMs(false)).toBe(15_000);
});

test("nonsense is no sample", () => {
  const rtt = new RttEstimator();
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) rtt.sample(wrong);
  expect(rtt.srttMs).toBeUndefined();
});
