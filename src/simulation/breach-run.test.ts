import { expect, test } from "vitest";
import { runForBreach } from "./breach-run.ts";
import { draftPlan } from "./plan-draft.ts";
import type { MakeChecker } from "./world-view.ts";

/** Complains whenever it looks, and counts how often it did. */
function complaining(name: string, looks: string[]): MakeChecker {
  return (_, report) => ({
    name,
    onEvent: () => {},
    onLook: ({ nowMs }) => {
      looks.push(name);
      report({ atMs: nowMs, sentence: "it broke" });
    },
    onOver: () => looks.push("over"),
  });
}

test("only the promise in question is heard, and the run ends with its first breach", async () => {
  const looks: string[] = [];
  const checkers = [complaining("other", looks), complaining("lease", looks)];
  const plan = draftPlan(1, { clients: 2, hours: 0.02 });
  const findings = await runForBreach(plan, "lease", { checkers });
  expect(findings.map(({ checker }) => checker)).toEqual(["lease"]);
  expect(looks).toEqual(["other", "lease"]);
});

test("nobody else's complaint ends it", async () => {
  const looks: string[] = [];
  const plan = draftPlan(1, { clients: 2, hours: 0.02 });
  const findings = await runForBreach(plan, "lease", { checkers: [complaining("other", looks)] });
  expect(findings).toEqual([]);
  expect(looks.at(-1)).toBe("over");
});
