/** Runs seeds as the sweep tests do: judged, and twice, since each has to tell one story only. */
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { CHECKERS } from "../../src/simulation/checkers.ts";
import type { Plan } from "../../src/simulation/plan.ts";
import { draftPlan } from "../../src/simulation/plan-draft.ts";
import { type RunProgress, type RunReport, simulate } from "../../src/simulation/run.ts";

const SEEDS_PER_TEST = 10;
const TIMEOUT_MS = 120_000;

/** One test for each ten seeds. */
export function testSeeds(from: number, to: number): void {
  const starts: number[] = [];
  for (let start = from; start <= to; start += SEEDS_PER_TEST) starts.push(start);
  test.each(starts)(
    "ten seeds from %i on keep every promise, twice alike",
    async (start) => {
      for (let seed = start; seed < start + SEEDS_PER_TEST; seed++) await expectKept(seed);
    },
    TIMEOUT_MS,
  );
}

/** The platform may take a turn at any moment, and that must not show in the trace. */
async function breathe({ nowMs }: RunProgress): Promise<void> {
  if (nowMs % 7 < 1) await setImmediate();
}

/** Fails with what was broken, the seed, and the command that shows it again. */
export async function expectKept(seed: number, plan: Plan = draftPlan(seed)): Promise<RunReport> {
  const report = await simulate(plan, { checkers: CHECKERS });
  const broken = report.findings.map(
    ({ checker, atMs, sentence }) =>
      `${checker} at ${atMs} ms: ${sentence} ` +
      `(seed ${seed}: npm run simulate -- --seed ${seed} --shrink)`,
  );
  expect(broken).toEqual([]);
  const again = await simulate(plan, { checkers: [], breathe });
  expect(again.hash, `seed ${seed} tells the same story twice`).toBe(report.hash);
  return report;
}
