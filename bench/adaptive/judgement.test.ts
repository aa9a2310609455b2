/**
 * A smaller judgement with a fixed seed, its limits somewhat wider: a regression is caught here,
 * and `npm run bench:adaptive` tells the figures.
 */
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { ADAPTIVE, judge, ORACLE } from "./judgement.ts";
import { constant, oracle } from "./link-policy.ts";
import { type LifePlan, live } from "./network-life.ts";
import { judgeChange } from "./timeout-change.ts";
import { COST_RATIO_MAX } from "./verdicts.ts";
import { drawNetwork, drawNetworks, type Network, WORKLOADS } from "./workloads.ts";

const PLAN = { seed: 7, networks: 120, days: 7, ceilingS: 600, troubleShare: 0.005 };
const DAY_MS = 86_400_000;
const NETWORK: Network = {
  timeoutMs: 100_000,
  mode: "silent",
  isCutByReset: false,
  isRenewedByInbound: true,
  rttMs: 50,
  isReporting: true,
};
const CALM: LifePlan = { network: NETWORK, untilMs: DAY_MS, troubleShare: 0, countFromMs: 0 };

test.each(WORKLOADS)("on the workload %s it costs little more than to know the timeout", (name) => {
  const [best, ours] = judge(name, PLAN, [ORACLE, ADAPTIVE]);
  expect(best?.avoidableDrops).toBe(0);
  expect(ours?.costRatio).toBeLessThan(COST_RATIO_MAX[name] + 0.02);
  expect(ours?.costRatio, "nobody beats the oracle").toBeGreaterThan(1);
  expect(ours?.avoidableDrops).toBeLessThan(2);
  expect(ours?.deadS).toBeLessThan(120);
});

test("follows a timeout that falls from 600 s to 120 s, and one that rises again", () => {
  const [falling] = judgeChange(600, 120, PLAN, [ADAPTIVE]);
  expect(falling?.avoidableDrops).toBeLessThan(5.3);
  expect(falling?.costRatio).toBeLessThan(1.13);
  const [rising] = judgeChange(120, 600, PLAN, [ADAPTIVE]);
  // At the old interval it would be 1,450; the second look comes within a day and a half.
  expect(rising?.beats).toBeLessThan(1_100);
  expect(rising?.avoidableDrops).toBeLessThan(0.2);
});

test("the same seed gives the same bill, another seed another", () => {
  const small = { ...PLAN, networks: 12, days: 1 };
  const once = judge("even", small);
  expect(judge("even", small)).toEqual(once);
  expect(judge("even", { ...small, seed: 8 })).not.toEqual(once);
});

test("the chance that a policy uses does not change its weather", () => {
  const bill = (seed: number): unknown =>
    live({ ...CALM, troubleShare: 0.02 }, constant(90_000), seededRandom(seed), seededRandom(1));
  expect(bill(2)).toEqual(bill(3));
});

test("just below the timeout nothing breaks; above its sweep every beat does", () => {
  const spent = live(CALM, constant(100_000), seededRandom(1), seededRandom(2));
  expect([spent.avoidableDrops, spent.deadS]).toEqual([0, 0]);
  expect(spent.beats).toBeCloseTo(DAY_MS / 100_055, -1);
  const broken = live(CALM, constant(105_000), seededRandom(1), seededRandom(2));
  expect(broken.avoidableDrops).toBe(broken.beats);
  expect(broken.cost).toBeCloseTo(6 * broken.beats + broken.deadS / 30, 6);
});

test("where answers do not renew the flow, its clock starts a round trip earlier", () => {
  const network = { ...NETWORK, rttMs: 400, isRenewedByInbound: false };
  const drops = (intervalMs: number): number =>
    live({ ...CALM, network }, constant(intervalMs), seededRandom(1), seededRandom(2))
      .avoidableDrops;
  expect(drops(99_999)).toBeGreaterThan(10);
  expect(oracle(network, { intervalMsMin: 25_000, intervalMsMax: 600_000 }).intervalMs).toBe(
    99_520,
  );
  expect(drops(99_520)).toBe(0);
});

test("the workloads have the moments that they are made from", () => {
  const share = (name: "client" | "balanced" | "even", belowS: number): number => {
    const networks = drawNetworks(name, 20_000, seededRandom(1));
    return networks.filter(({ timeoutMs }) => timeoutMs < 1_000 * belowS).length / 20_000;
  };
  expect(share("client", 600)).toBeCloseTo(0.24, 1);
  expect(share("balanced", 350)).toBeGreaterThan(0.4);
  expect(share("even", 424.3), "the middle of log-uniform from 25 to 7,200").toBeCloseTo(0.5, 1);
  expect(share("even", 25)).toBe(0);
  const modes = drawNetworks("even", 20_000, seededRandom(2));
  expect(modes.filter(({ mode }) => mode === "silent").length / 20_000).toBeCloseTo(0.6, 1);
  expect(modes.filter(({ isReporting }) => isReporting)).toHaveLength(10_000);
  expect(drawNetwork(77, 0, seededRandom(1)).timeoutMs).toBe(77_000);
});
