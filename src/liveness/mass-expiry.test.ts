import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { MASS_EXPIRY_CONFIG, MassExpiry } from "./mass-expiry.ts";

const WINDOW_MS = 5_000;
const LIVE = 17_000;

function judgeAll(
  batches: readonly (readonly [ms: number, count: number])[],
  live: number,
): ("dead" | "hold")[] {
  const massExpiry = new MassExpiry(MASS_EXPIRY_CONFIG, seededRandom(1));
  return batches.map(([ms, count]) => massExpiry.judge(count, live, WINDOW_MS, ms as Instant));
}

test("a trickle that stays below the share never adds up, however long it lasts", () => {
  // A fault of ours: entries were merged by number, and what was merged never left the window.
  const trickle = Array.from({ length: 5_000 }, (_, index) => [index * 60, 1] as const);
  expect(judgeAll(trickle, LIVE)).not.toContain("hold");
});

test("many in a moment are held, and after the window the rule begins anew", () => {
  const batches = [
    [0, 340],
    [10, 1],
    [WINDOW_MS + 11, 1],
  ] as const;
  expect(judgeAll(batches, LIVE)).toEqual(["dead", "hold", "dead"]);
});

test("below fifty a share says little", () => {
  expect(judgeAll([[0, 49]], 100)).toEqual(["dead"]);
  expect(judgeAll([[0, 50]], 100)).toEqual(["hold"]);
});

test("all of the last window count, and nothing older than a window and a slice", () => {
  const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 40 })), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (gaps) => {
      let ms = 0;
      const batches = gaps.map(([gap, count]) => [(ms += gap), count] as const);
      const verdicts = judgeAll(batches, 1_000);
      const within = (until: number, windowMs: number): number =>
        batches
          .slice(0, until + 1)
          .filter(([at]) => (batches[until]?.[0] ?? 0) - at < windowMs)
          .reduce((sum, [, count]) => sum + count, 0);
      for (const [index, verdict] of verdicts.entries()) {
        if (within(index, WINDOW_MS) >= 50) expect(verdict).toBe("hold");
        if (within(index, WINDOW_MS + WINDOW_MS / 32) < 50) expect(verdict).toBe("dead");
      }
    }),
  );
});
