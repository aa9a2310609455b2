/**
 * Seeds that once showed a fault, each with what it was. They stay, although a change of the
 * simulator may make another world of them: then they are seeds like all others. Those from before
 * there were pages are run without them, as which they are the worlds that they were.
 */
import { expect, test } from "vitest";
import type { Plan } from "../../src/simulation/plan.ts";
import { draftPlan } from "../../src/simulation/plan-draft.ts";
import { expectKept } from "./seed-runs.ts";

const SEEDS: readonly (readonly [seed: number, story: string])[] = [
  [25, "the simulator sent lines longer than a server takes, and blamed the end on nobody"],
  [1_795_691_379, "a sleep kept what was left of an alarm's lateness, and a checker forgot it"],
  [1_795_691_613, "the same at a server, which found a death late for that reason"],
  [45_000_246, "the same with a link that waited, long after alarms had ceased to be late"],
  [2_000_150, "a network that changed just after an awakening left a peer one second to answer"],
  [2_000_525, "pings that a kernel took for a process that stood still were taken for progress"],
  [500_019, "a message whose sending overflowed all buffers was told of after it had been lost"],
  [1_795_718_394, "a stranger reads frames and confirms none, and was blamed for taking none"],
];

function withoutPages(plan: Plan): Plan {
  const clients = plan.clients.map((client) =>
    client.kind === "page" ? { ...client, kind: "link" as const } : client,
  );
  return { ...plan, clients };
}

test.each(SEEDS)(
  "seed %i: %s",
  async (seed) => {
    const report = await expectKept(seed, withoutPages(draftPlan(seed)));
    expect(report.isComplete).toBe(true);
  },
  60_000,
);
