import { expect, test } from "vitest";
import type { Plan, PlannedEvent } from "./plan.ts";
import { shrinkPlan } from "./shrink.ts";
import type { Finding } from "./world-view.ts";

function planOf(eventCount: number, clientCount: number): Plan {
  const hosts = Array.from({ length: clientCount }, (_, index) => `client-${index + 1}`);
  const events = Array.from({ length: eventCount }, (_, id): PlannedEvent => {
    const host = hosts[id % hosts.length] ?? "";
    return { id, atMs: id * 1_000, durationMs: 10, kind: "outage", hosts: [host], parameters: {} };
  });
  const clients = hosts.map((host) => ({
    kind: "plain" as const,
    host,
    server: "server-1",
    path: { delayMs: 1, jitterMs: 0, lossRatio: 0 },
    startAtMs: 0,
    intervalMs: 1_000,
    redialMs: 1_000,
    readsAnswers: true,
  }));
  return { seed: 1, faultsMs: 3_600_000, servers: [], clients, events };
}

const finding = (checker: string): Finding => ({ checker, atMs: 1, sentence: "it broke" });

test("what is left is exactly what breaks the promise", async () => {
  const run = async (plan: Plan): Promise<readonly Finding[]> => {
    const ids = plan.events.map(({ id }) => id);
    const isBroken = ids.includes(17) && ids.includes(42);
    return isBroken ? [finding("other"), finding("lease")] : [];
  };
  const options = { checker: "lease", runsMax: 500 };
  const { plan, finding: kept, runs } = await shrinkPlan(planOf(60, 10), run, options);
  expect(plan.events.map(({ id }) => id)).toEqual([17, 42]);
  expect(plan.clients.map(({ host }) => host)).toEqual(["client-8", "client-3"].toSorted());
  expect(plan.faultsMs).toBeLessThan(200_000);
  expect(kept).toEqual(finding("lease"));
  expect(runs).toBeLessThan(120);
});

test("another checker's complaint is not taken for it", async () => {
  const run = async (plan: Plan): Promise<readonly Finding[]> => [
    finding(plan.events.length > 5 ? "lease" : "backoff"),
  ];
  const options = { checker: "lease", runsMax: 500 };
  const { plan } = await shrinkPlan(planOf(20, 3), run, options);
  expect(plan.events).toHaveLength(6);
});

test("it stops after so many runs, and leaves alone what breaks nothing", async () => {
  let count = 0;
  const smaller: number[] = [];
  const options = {
    checker: "lease",
    runsMax: 5,
    onSmaller: (plan: Plan) => smaller.push(plan.events.length),
  };
  const broken = async (): Promise<readonly Finding[]> => {
    count += 1;
    return [finding("lease")];
  };
  const { runs, isSmallest } = await shrinkPlan(planOf(1_000, 2), broken, options);
  expect([runs, count, isSmallest]).toEqual([5, 5, false]);
  expect(smaller).toEqual([1_000, 500, 0, 0, 0]);
  const sound = planOf(10, 2);
  const { plan, finding: none } = await shrinkPlan(sound, async () => [], options);
  expect([plan, none]).toEqual([sound, undefined]);
});

test("asked to stop, it keeps the smallest plan so far and runs nothing more", async () => {
  let count = 0;
  const run = async (): Promise<readonly Finding[]> => {
    count += 1;
    return [finding("lease")];
  };
  const options = { checker: "lease", runsMax: 500, mayStop: () => count === 2 };
  const { plan, isSmallest } = await shrinkPlan(planOf(1_000, 2), run, options);
  expect([count, plan.events.length, isSmallest]).toEqual([2, 500, false]);
});
