/** Promise: reconnection does not stampede. The table of docs/redial.md is computed here. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { Random } from "../../src/base/random.ts";
import { type Instant, later } from "../../src/base/time.ts";
import { backoffMs } from "../../src/redial/backoff.ts";
import { resolveRedial } from "../../src/redial/options.ts";
import { RedialPolicy, type RetryHint } from "../../src/redial/redial-policy.ts";
import { type StormOptions, type StormReport, simulateStorm } from "../../src/redial/storm.ts";

const CONFIG = resolveRedial({}, 30_000);
const T0 = 0 as Instant;

const HOLDFAST = {
  firstDelayOf: (random: Random) => delayAfter("PEER_VANISHED", undefined, random),
  delayOf: (attempt: number, random: Random) => backoffMs(CONFIG, attempt, random),
};
const FIXED = { firstDelayOf: () => 0, delayOf: () => 5_000 };
const EXPONENTIAL = {
  firstDelayOf: () => 0,
  delayOf: (attempt: number) => Math.min(60_000, 1_000 * 2 ** attempt),
};
/** The arithmetic of socket.io-client: jitter first, the clamp last, then 32 bits. */
const SOCKET_IO = {
  firstDelayOf: (random: Random) => socketIoDelay(0, random),
  delayOf: (attempt: number, random: Random) => socketIoDelay(attempt + 1, random),
};

/** What the policy decides when a connection that had lived for an hour ends. */
function delayAfter(code: ErrorCode, hint: RetryHint | undefined, random: Random): number {
  const policy = new RedialPolicy(CONFIG, random);
  policy.onAttempt(T0);
  policy.onOnline(T0);
  const decision = policy.onEnded({ code, livedMs: 3_600_000, hint }, later(T0, 3_600_000));
  if (decision.do !== "wait") throw new Error(`a link must come back after ${code}`);
  return decision.delayMs;
}

function socketIoDelay(attempt: number, random: Random): number {
  const grown = 1_000 * 2 ** attempt;
  const draw = random.next();
  const deviation = Math.floor(draw * 0.5 * grown);
  const isUp = Math.floor(draw * 10) % 2 === 1;
  return Math.min(isUp ? grown + deviation : grown - deviation, 5_000) | 0;
}

/** 20,000 clients, and a server that could take them all back in 50 s. */
const SHORT: Omit<StormOptions, "firstDelayOf" | "delayOf"> = {
  clients: 20_000,
  outageMs: 10_000,
  handshakesPerSecond: 400,
  queueMax: 2_000,
  servesAbandoned: false,
  assignsSlots: false,
  attemptTimeoutMs: 10_000,
  refusedAfterMs: 50,
  limitMs: 1_200_000,
  seed: 1,
};
const LONG = { ...SHORT, outageMs: 600_000 };
const ENDLESS = {
  ...SHORT,
  clients: 200,
  handshakesPerSecond: 10,
  queueMax: 50,
  outageMs: 5_400_000,
  limitMs: 6_000_000,
};
const CARELESS = { queueMax: false, servesAbandoned: true } as const;
const ORDER = { retry: "after", afterMs: 0, spreadMs: 57_500 } as const;
const DRAIN = {
  outageMs: 0,
  firstDelayOf: (random: Random) => delayAfter("DRAINED", ORDER, random),
};

const ROWS: readonly (readonly [string, StormOptions])[] = [
  ["10 s outage, Holdfast", { ...SHORT, ...HOLDFAST }],
  ["10 s outage, Holdfast, server assigns slots", { ...SHORT, ...HOLDFAST, assignsSlots: true }],
  ["10 s outage, 5 s fixed", { ...SHORT, ...FIXED }],
  ["10 s outage, 1 s doubled to 60 s, no jitter", { ...SHORT, ...EXPONENTIAL }],
  ["10 s outage, socket.io", { ...SHORT, ...SOCKET_IO }],
  ["10 s outage, Holdfast, server without bounds", { ...SHORT, ...HOLDFAST, ...CARELESS }],
  ["10 min outage, Holdfast", { ...LONG, ...HOLDFAST }],
  ["10 min outage, socket.io", { ...LONG, ...SOCKET_IO }],
  ["90 min outage, 200 clients, Holdfast", { ...ENDLESS, ...HOLDFAST }],
  ["90 min outage, 200 clients, socket.io", { ...ENDLESS, ...SOCKET_IO }],
  ["planned drain over 57.5 s, Holdfast", { ...SHORT, ...HOLDFAST, ...DRAIN }],
];

const REPORTS: ReadonlyMap<string, StormReport> = new Map(
  ROWS.map(([name, options]) => [name, simulateStorm(options)]),
);

function report(name: string): StormReport {
  const found = REPORTS.get(name);
  if (found === undefined) throw new Error(`no row is called ${name}`);
  return found;
}

function storms(name: string): string[] {
  return report(name).findings.map(({ what }) => what);
}

function renderTable(): string {
  const lines = [
    "| case | 50 % back | 99 % back | all back | dials per client | worst second after | finding |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const [name, options] of ROWS) {
    const one = report(name);
    const since = (ms: number | undefined): string =>
      ms === undefined ? "never" : `${((ms - options.outageMs) / 1_000).toFixed(1)} s`;
    const times = [one.halfBackMs, one.mostBackMs, one.allBackMs].map(since).join(" | ");
    const found = storms(name).join(", ") || "none";
    const dials = one.attemptsPerClient.toFixed(1);
    lines.push(`| ${name} | ${times} | ${dials} | ${one.peakAfterOutagePerSecond} | ${found} |`);
  }
  return lines.join("\n");
}

test("reconnection does not stampede: no outage, short or long, ends with clients in step", () => {
  const ours = ROWS.filter(([name, { servesAbandoned }]) => {
    return name.includes("Holdfast") && !servesAbandoned;
  });
  expect(ours.map(([name]) => storms(name))).toEqual([[], [], [], [], []]);
});

test("reconnection does not stampede, and the controls do: the finding has teeth", () => {
  const controls = ROWS.filter(([name]) => !name.includes("Holdfast"));
  expect(controls.map(([name]) => storms(name))).toEqual(controls.map(() => ["stampede"]));
});

test("an overflow turns a long outage into a loop at socket.io, and not here", () => {
  const looping = report("90 min outage, 200 clients, socket.io");
  const late = looping.arrivalsPerSecond.slice(5_200, 5_400);
  const early = looping.arrivalsPerSecond.slice(4_700, 4_900);
  const sum = (seconds: readonly number[]): number => seconds.reduce((all, one) => all + one, 0);
  expect(sum(late) / sum(early)).toBeGreaterThan(1.5);
  const ours = report("90 min outage, 200 clients, Holdfast").arrivalsPerSecond;
  expect(sum(ours.slice(5_200, 5_400)) / sum(ours.slice(4_700, 4_900))).toBeLessThan(1.2);
});

test("reconnection does not latch unless the server works for clients who have left", () => {
  expect(storms("10 s outage, Holdfast, server without bounds")).toEqual(["latched"]);
  expect(report("10 s outage, Holdfast").allBackMs).toBeLessThan(120_000);
});

test("the server can direct who returns when: a planned drain costs one dial each", () => {
  const drained = report("planned drain over 57.5 s, Holdfast");
  expect(drained.attemptsPerClient).toBe(1);
  expect(drained.peakPerSecond).toBeLessThan(450);
});

test("the table in docs/redial.md is the one computed here", () => {
  const page = readFileSync(new URL("../../docs/redial.md", import.meta.url), "utf8");
  expect(page).toContain(renderTable());
});
