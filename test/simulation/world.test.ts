/** The simulator itself: that its worlds differ by seed, can be cut, and are not mild. */
import { expect, test } from "vitest";
import { Coverage } from "../../src/simulation/coverage.ts";
import { draftPlan } from "../../src/simulation/plan-draft.ts";
import { runLines } from "../../src/simulation/report.ts";
import { runSeed, simulate } from "../../src/simulation/run.ts";
import { FAULT_KINDS, type SimEvent } from "../../src/simulation/sim-event.ts";
import { sweep } from "../../src/simulation/sweep.ts";

const UNJUDGED = { checkers: [] };

test("another seed is another world, and the same seed the same plan", () => {
  expect(draftPlan(5)).toEqual(draftPlan(5));
  expect(draftPlan(5)).not.toEqual(draftPlan(6));
});

test("a plan can be cut: what is left is the same world with fewer faults", async () => {
  const plan = draftPlan(6);
  const events = plan.events.slice(0, Math.ceil(plan.events.length / 2));
  const begun: number[] = [];
  const onEvent = (event: SimEvent): void => {
    if (event.what === "fault") begun.push(event.id);
  };
  const whole = await simulate(plan, UNJUDGED);
  const cut = await simulate({ ...plan, events }, { ...UNJUDGED, onEvent });
  expect(begun.length).toBeGreaterThan(0);
  expect(begun.every((id) => events.some((event) => event.id === id))).toBe(true);
  expect(cut.hash).not.toBe(whole.hash);
});

test("without faults nobody dies", async () => {
  const report = await runSeed(11, { faults: "none", clients: 8, hours: 0.2 }, UNJUDGED);
  const causes = Object.keys(report.figures.endsByCause);
  expect(causes.filter((cause) => !/CLOSED_(HERE|BY_PEER)|DRAINED/.test(cause))).toEqual([]);
  expect(report.coverage["link ends"]).toEqual({ CLOSED_HERE: report.clients });
});

test("only the kinds asked for occur", async () => {
  const wishes = { faults: ["outage", "drain"], clients: 4, hours: 0.3 } as const;
  const { coverage } = await runSeed(3, wishes, UNJUDGED);
  expect(Object.keys(coverage.faults).every((kind) => /^(outage|drain)$/.test(kind))).toBe(true);
  expect(coverage.faults["outage"]).toBeGreaterThan(0);
});

test("a run that is stopped says so, and so does the report", async () => {
  const report = await runSeed(4, {}, { ...UNJUDGED, mayStop: () => true });
  expect(report.isComplete).toBe(false);
  expect(report.simulatedMs).toBeLessThan(5_000);
  expect(runLines(report, 10).join("\n")).toContain("stopped before its end");
});

test("a checker hears every event and sees the world every other second", async () => {
  const looks: number[] = [];
  let events = 0;
  let told = 0;
  let isOver = false;
  await runSeed(
    2,
    { clients: 2, hours: 0.05 },
    {
      onEvent: () => {
        told += 1;
      },
      checkers: [
        (view) => ({
          name: "spy",
          onEvent: () => {
            events += 1;
          },
          onLook: () => void looks.push(view.nowMs),
          onOver: () => {
            isOver = true;
          },
        }),
      ],
    },
  );
  const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000);
  expect(events).toBe(told);
  expect(isOver).toBe(true);
});

test("what a sweep has not seen is named", async () => {
  const report = await sweep([1], { clients: 2, hours: 0.05, faults: "none" }, UNJUDGED);
  for (const kind of FAULT_KINDS) expect(report.missing).toContain(`faults: ${kind}`);
  const coverage = new Coverage();
  coverage.merge(report.coverage);
  expect(coverage.missing()).toEqual(report.missing);
});
