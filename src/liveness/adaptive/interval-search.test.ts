import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import type { Instant } from "../../base/time.ts";
import { IntervalSearch } from "./interval-search.ts";

const HOUR_MS = 3_600_000;
const at = (ms: number): Instant => ms as Instant;

function search(minMs = 25_000, maxMs = 600_000): IntervalSearch {
  return new IntervalSearch(minMs, maxMs, seededRandom(1));
}

/** Holds at 120 s, well proven, nothing ever broke. */
function settled(): IntervalSearch {
  const one = search(25_000, 120_000);
  for (let n = 0; n < 100; n++) one.survived(119_000);
  return one;
}

test("one survival is proof: each beat goes up a rung, and ends at the ceiling", () => {
  const one = search();
  const gaps: number[] = [];
  for (let gapMs = 25_000; gaps.length < 20; ) {
    one.survived(gapMs);
    gapMs = one.nextMs(gapMs, at(0));
    gaps.push(gapMs);
  }
  expect(gaps.slice(0, 4)).toEqual([27_000, 40_500, 57_000, 85_500]);
  expect(gaps.at(-1)).toBe(600_000);
  expect(gaps.indexOf(600_000)).toBeLessThan(16);
});

test("a ping announces what holds if its own gap survives, and nothing changes before", () => {
  const one = search();
  expect(one.nextMs(57_000, at(0))).toBe(85_500);
  expect(one.steadyMs()).toBe(25_000);
});

test("strong evidence against a trial moves the bound at once, and the steps get small", () => {
  const one = search();
  one.survived(96_000);
  one.broke(115_000, "strong", at(0));
  expect(one.broken?.gapMs).toBe(115_000);
  expect(one.broken?.recheckAt).toBe(24 * HOUR_MS);
  expect(one.nextMs(0, at(1))).toBeCloseTo(96_000 + 0.12 * 19_000, 0);
});

test("weak evidence on a trial is a doubt with an early second look; a repeat settles it", () => {
  const one = search();
  one.survived(96_000);
  one.broke(115_000, "weak", at(0));
  expect(one.broken).toBeUndefined();
  const dueAt = one.doubt?.recheckAt ?? 0;
  expect(dueAt).toBeGreaterThanOrEqual(HOUR_MS / 2);
  expect(dueAt).toBeLessThan(HOUR_MS);
  expect(one.nextMs(0, at(dueAt - 1))).toBeLessThan(115_000);
  expect(one.nextMs(0, at(dueAt))).toBe(115_000);
  one.broke(115_000, "weak", at(dueAt));
  expect([one.broken?.gapMs, one.doubt]).toEqual([115_000, undefined]);
});

test("the second look that survives ends the doubt", () => {
  const one = search();
  one.survived(96_000);
  one.broke(115_000, "weak", at(0));
  one.survived(115_000);
  expect(one.doubt).toBeUndefined();
  expect(one.nextMs(115_000, at(1))).toBeGreaterThan(120_000);
});

test("what breaks at less confirms the doubt about more", () => {
  const one = search();
  one.survived(96_000);
  one.broke(140_000, "weak", at(0));
  one.broke(120_000, "weak", at(1));
  expect([one.broken?.gapMs, one.doubt?.gapMs]).toEqual([140_000, 120_000]);
});

test("a weak failure of what has long held costs little: back up within a few beats", () => {
  const one = settled();
  one.broke(119_000, "weak", at(0));
  expect(one.broken).toBeUndefined();
  expect(one.steadyMs()).toBe(25_000);
  let beats = 0;
  for (; one.steadyMs() < 114_000 && beats < 10; beats++) one.survived(one.steadyMs());
  expect(beats).toBe(3);
  expect(one.steadyMs()).toBeCloseTo(0.965 * 119_000, 0);
});

test("two failures in a row end the trust in what was proven", () => {
  const one = settled();
  one.broke(119_000, "weak", at(0));
  one.survived(30_000);
  one.broke(58_000, "weak", at(60_000));
  expect(one.broken?.gapMs).toBe(58_000);
  expect(one.survivedMs).toBe(30_000);
  // Two outages in a row would look the same, so this is looked at again within the hour.
  expect(one.broken?.recheckAt).toBeLessThanOrEqual(60_000 + HOUR_MS);
  one.broke(45_000, "strong", at(120_000));
  expect(one.broken?.recheckAt, "unless it breaks below, too").toBe(120_000 + 24 * HOUR_MS);
});

test("the wall is tried again from above its sweep, after longer and longer", () => {
  const one = search();
  one.survived(300_000);
  one.broke(310_000, "certain", at(0));
  let now = 24 * HOUR_MS;
  expect(one.nextMs(300_000, at(now - 1))).toBeLessThan(310_000);
  expect(one.nextMs(300_000, at(now))).toBeCloseTo(1.12 * 310_000, 0);
  const delays: (number | undefined)[] = [];
  for (let n = 0; n < 4; n++) {
    one.broke(1.1 * 310_000, "certain", at(now));
    delays.push(one.broken?.delayMs);
    now = one.broken?.recheckAt ?? 0;
  }
  // A lost connection is a small matter beside 1,100 beats: 3.9 days of 310 s.
  expect(delays.map((ms = 0) => ms / HOUR_MS)).toEqual([48, 94.7, 94.7, 94.7].map(near));
  one.survived(1.1 * 310_000);
  expect(one.broken, "the path has changed").toBeUndefined();
});

function near(hours: number): unknown {
  return expect.closeTo(hours, 1);
}

test("a second look that the ceiling cuts short is not repeated with the next beat", () => {
  const one = search();
  one.survived(570_000);
  one.broke(597_000, "certain", at(0));
  const dueAt = 24 * HOUR_MS;
  expect(one.nextMs(570_000, at(dueAt))).toBe(600_000);
  one.broke(596_000, "certain", at(dueAt)); // With its jitter it was below what broke before.
  expect(one.broken?.gapMs).toBe(596_000);
  expect(one.nextMs(0, at(dueAt + 1))).toBeLessThan(580_000);
});

test("a cut far below what is proven changes nothing without certainty", () => {
  const one = settled();
  one.broke(40_000, "strong", at(0));
  expect([one.broken, one.doubt, one.survivedMs]).toEqual([undefined, undefined, 119_000]);
  const other = settled();
  other.broke(40_000, "certain", at(0));
  expect(other.broken?.gapMs).toBe(40_000);
  expect(other.survivedMs).toBeLessThan(40_000);
});

const step = fc.record({
  kind: fc.constantFrom("survived", "weak", "strong", "certain", "otherwise"),
  share: fc.double({ min: 0.1, max: 1.2, noNaN: true }),
  passMs: fc.integer({ min: 1, max: 2 * 24 * HOUR_MS }),
});

test("the bounds never cross, the interval keeps to its limits, success never shortens it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const one = search();
      let now = 0;
      for (const { kind, share, passMs } of steps) {
        now += passMs;
        const gapMs = share * one.nextMs(0, at(now));
        const before = one.steadyMs();
        if (kind === "survived") {
          one.survived(gapMs);
          expect(one.steadyMs()).toBeGreaterThanOrEqual(before);
        } else if (kind === "otherwise") one.failedOtherwise();
        else one.broke(gapMs, kind, at(now));
        expect(one.survivedMs).toBeLessThanOrEqual(one.broken?.gapMs ?? Infinity);
        for (const ms of [one.steadyMs(), one.nextMs(gapMs, at(now))]) {
          expect(ms).toBeGreaterThanOrEqual(25_000);
          expect(ms).toBeLessThanOrEqual(600_000);
        }
      }
    }),
  );
});
