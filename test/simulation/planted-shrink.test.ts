import { expect, test } from "vitest";
import { deathInBound } from "../../src/simulation/checkers/death-in-bound.ts";
import type { Plan } from "../../src/simulation/plan.ts";
import { draftPlan } from "../../src/simulation/plan-draft.ts";
import { simulate } from "../../src/simulation/run.ts";
import { shrinkPlan } from "../../src/simulation/shrink.ts";
import type { Finding } from "../../src/simulation/world-view.ts";
import { sendingIsHearing } from "./planted/liveness-bugs.ts";
import { complaints } from "./planted/planting.ts";

async function run(plan: Plan): Promise<readonly Finding[]> {
  const { findings } = await simulate(plan, { checkers: [deathInBound] });
  return findings;
}

/** What a seed means changes with the drawing of plans, so the first one is taken that will do. */
async function brokenPlan(): Promise<Plan> {
  for (let seed = 1; seed < 30; seed++) {
    const plan = draftPlan(seed);
    if (plan.events.length > 20 && (await run(plan)).length > 0) return plan;
  }
  throw new Error("no seed below 30 shows the planted bug");
}

test("a world full of faults shrinks to the few that a planted bug needs", async () => {
  const undo = sendingIsHearing();
  try {
    const plan = await brokenPlan();
    const options = { checker: "death-in-bound", runsMax: 80 };
    const shrunk = await shrinkPlan(plan, run, options);
    expect(shrunk.finding?.sentence).toContain("was not found dead");
    expect(shrunk.plan.events.length).toBeLessThan(5);
    expect(shrunk.plan.clients.length).toBeLessThan(4);
    expect((await run(shrunk.plan))[0]).toEqual(shrunk.finding);
    undo();
    expect([...(await complaints([shrunk.plan]))]).toEqual([]);
  } finally {
    undo();
  }
});
