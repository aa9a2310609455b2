import { expect, test } from "vitest";
import { uniform } from "../base/random.ts";
import { backoffMs } from "./backoff.ts";
import { type StormOptions, simulateStorm } from "./storm.ts";

const BACKOFF = { baseMs: 1_000, factor: 2, capMs: 60_000 };
const STORM: StormOptions = {
  clients: 2_000,
  outageMs: 10_000,
  handshakesPerSecond: 40,
  queueMax: 200,
  servesAbandoned: false,
  assignsSlots: false,
  attemptTimeoutMs: 10_000,
  refusedAfterMs: 50,
  firstDelayOf: (random) => uniform(random, 0, 5_000),
  delayOf: (attempt, random) => backoffMs(BACKOFF, attempt, random),
  limitMs: 300_000,
  seed: 1,
};

test("one client and a server that is there: one dial, back after one handshake", () => {
  const report = simulateStorm({ ...STORM, clients: 1, outageMs: 0, firstDelayOf: () => 1_500 });
  expect(report.arrivalsPerSecond.slice(0, 3)).toEqual([0, 1, 0]);
  expect(report).toMatchObject({ attemptsPerClient: 1, allBackMs: 1_525, findings: [] });
});

test("a fixed wait without jitter keeps all clients in step: each burst is counted", () => {
  const delayOf = (): number => 4_950;
  const inStep = { ...STORM, firstDelayOf: () => 0, delayOf };
  const report = simulateStorm(inStep);
  expect(report.arrivalsPerSecond.slice(0, 12)).toEqual([
    2_000, 0, 0, 0, 0, 2_000, 0, 0, 0, 0, 2_000, 0,
  ]);
  expect(report.peakAfterOutagePerSecond).toBe(2_000);
  expect(report.findings).toEqual([
    { what: "stampede", sentence: "in second 10, 2000 clients were away and dialled 2000 times" },
  ]);
});

test("nobody is back sooner than the server can take them, and all are in the end", () => {
  const report = simulateStorm(STORM);
  expect(report.allBackMs).toBeGreaterThanOrEqual(10_000 + 2_000 * 25);
  expect(report.halfBackMs).toBeGreaterThanOrEqual(10_000 + 1_000 * 25);
  expect(report.findings).toEqual([]);
  const arrivals = report.arrivalsPerSecond.reduce((sum, one) => sum + one, 0);
  expect(arrivals / 2_000).toBe(report.attemptsPerClient);
});

test("a server that works for clients who have left latches, whatever the backoff", () => {
  const report = simulateStorm({ ...STORM, queueMax: false, servesAbandoned: true });
  expect(report.findings[0]?.what).toBe("latched");
  expect(report.allBackMs).toBeUndefined();
});

test("slots assigned on refusal bring 99 % back sooner than the backoff alone", () => {
  const alone = simulateStorm(STORM).mostBackMs as number;
  const slots = simulateStorm({ ...STORM, assignsSlots: true }).mostBackMs as number;
  expect(slots).toBeLessThan(alone);
});

test("the same seed gives the same storm, another seed another one", () => {
  expect(simulateStorm(STORM)).toEqual(simulateStorm(STORM));
  expect(simulateStorm({ ...STORM, seed: 2 })).not.toEqual(simulateStorm(STORM));
});

test("a delay of NaN is a storm that ends", () => {
  const report = simulateStorm({
    ...STORM,
    clients: 10,
    refusedAfterMs: 0,
    delayOf: () => Number.NaN,
  });
  expect(report.peakPerSecond).toBeGreaterThan(9_000);
});
