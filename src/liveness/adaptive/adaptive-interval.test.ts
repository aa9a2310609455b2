import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import type { Instant } from "../../base/time.ts";
import { AdaptiveInterval, type Comeback, type ConnectionEnd } from "./adaptive-interval.ts";
import { parseNetworkMemory } from "./network-memory.ts";

const CONFIG = { intervalMsMin: 25_000, intervalMsMax: 600_000 };
const WALL_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const at = (ms: number): Instant => ms as Instant;

const SILENT: ConnectionEnd = {
  how: "silent",
  heardMsAgo: 105_000,
  spokeMsAgo: 5_000,
  pingMsAgo: 5_000,
  pingSeq: 3,
  pingIdleMs: 100_000,
  srttMs: 50,
  ourLatenessMs: 0,
};
const BACK: Comeback = {
  failedDials: 0,
  offlineMs: 300,
  handshakeMs: 200,
  serverRestarted: false,
  networkChanged: false,
  report: { state: "open", lastPingSeq: 2, lastHeardMsAgo: 105_000, code: undefined },
};

function fresh(): AdaptiveInterval {
  return new AdaptiveInterval(CONFIG, seededRandom(1));
}

/** Has proven 96 s, and seen the next rung broken. */
function walled(): AdaptiveInterval {
  const interval = fresh();
  interval.enter(undefined, WALL_MS);
  interval.pinged(96_000, at(1_000));
  interval.answered(50, false, at(1_050));
  interval.ended({ ...SILENT, pingIdleMs: 114_000 }, at(2_000));
  expect(interval.returned(BACK, at(3_000), WALL_MS + 3_000)).toBe("swallowed");
  return interval;
}

test("begins short, and each answered ping has announced the longer gap that follows", () => {
  const interval = fresh();
  expect(interval.intervalMs).toBe(25_000);
  expect(interval.pinged(25_000, at(0))).toBe(27_000);
  interval.answered(50, false, at(50));
  expect(interval.intervalMs).toBe(27_000);
  expect(interval.pinged(26_900, at(27_000))).toBeGreaterThan(27_000);
});

test("an answer that we were too late to see on time proves nothing", () => {
  const interval = fresh();
  interval.pinged(96_000, at(0));
  interval.answered(50, true, at(50));
  expect(interval.memory.survivedMs).toBe(25_000);
  interval.survived(96_000, at(60));
  expect(interval.memory.survivedMs).toBe(96_000);
});

test("an end is judged once, when the link is back", () => {
  const interval = walled();
  expect(interval.memory.broken?.gapMs).toBe(114_000);
  expect(interval.intervalMs).toBe(96_000);
  expect(interval.returned(BACK, at(4_000), WALL_MS + 4_000)).toBeUndefined();
});

test("an end on another network is no evidence, nor one before another was entered", () => {
  const interval = fresh();
  interval.ended(SILENT, at(0));
  expect(interval.returned({ ...BACK, networkChanged: true }, at(1), WALL_MS)).toBe(
    "network-changed",
  );
  interval.ended(SILENT, at(2));
  interval.enter(undefined, WALL_MS);
  expect(interval.returned(BACK, at(3), WALL_MS)).toBeUndefined();
  expect(interval.memory.broken).toBeUndefined();
});

test("the limits of the server hold from now on, and win over the config", () => {
  const interval = walled();
  interval.limit(1_000, 60_000);
  expect(interval.intervalMs).toBe(60_000);
  expect(interval.pinged(60_000, at(5_000))).toBe(60_000);
  interval.limit(1_000, 10_000);
  expect(interval.pinged(10_000, at(6_000))).toBe(10_000);
});

test("what is remembered is taken up after a restart, with its date for a second look", () => {
  const memory = parseNetworkMemory(JSON.parse(JSON.stringify(walled().memory)));
  expect(memory?.broken?.recheckAtWallMs).toBe(WALL_MS + 2_000 + DAY_MS);
  const later = fresh();
  later.enter(memory, WALL_MS + DAY_MS / 2);
  expect(later.memory).toEqual(memory);
  expect(later.intervalMs, "longer only once a ping announced it").toBe(25_000);
  expect(later.pinged(10_000, at(77))).toBeGreaterThan(95_000);
  expect(later.pinged(10_000, at(77))).toBeLessThan(114_000);
  expect(later.memory).toEqual(memory);
  later.answered(50, false, at(100));
  expect(later.pinged(90_000, at(DAY_MS / 2 + 4_000)), "due").toBe(Math.floor(1.12 * 114_000));
});

test("a wall clock that was set back cannot put the second look off for ever", () => {
  const { memory } = walled();
  const later = fresh();
  later.enter(memory, 0);
  later.pinged(10_000, at(0));
  expect(later.pinged(90_000, at(DAY_MS))).toBe(Math.floor(1.12 * 114_000));
});

test("memory is the same object until it changes, and entering with it changes nothing", () => {
  const interval = walled();
  const { memory } = interval;
  expect(interval.memory).toBe(memory);
  interval.enter(memory, WALL_MS + 9_000);
  expect(interval.memory).toBe(memory);
  expect(interval.intervalMs).toBe(96_000);
  interval.survived(97_000, at(9_000));
  expect(interval.memory).not.toBe(memory);
});

test("another network starts from nothing", () => {
  const interval = walled();
  interval.enter(undefined, WALL_MS);
  expect(interval.memory).toEqual({ version: 1, survivedMs: 25_000, broken: undefined });
  expect(interval.intervalMs).toBe(25_000);
});

test("three drops in ten minutes bring the shortest interval, two answers the old one", () => {
  const interval = fresh();
  interval.pinged(200_000, at(0));
  interval.answered(50, false, at(50));
  for (const ms of [1_000, 2_000, 3_000]) {
    interval.ended(SILENT, at(ms));
    interval.returned({ ...BACK, failedDials: 2 }, at(ms + 500), WALL_MS + ms);
  }
  expect(interval.intervalMs).toBe(25_000);
  for (const ms of [30_000, 60_000]) {
    expect(interval.pinged(20_000, at(ms))).toBe(25_000);
    interval.answered(50, false, at(ms + 50));
  }
  expect(interval.pinged(20_000, at(90_000))).toBeGreaterThan(190_000);
});

const input = fc.record({
  kind: fc.constantFrom("ping", "answer", "late", "traffic", "end", "enter", "limit"),
  idleMs: fc.integer({ min: 0, max: 800_000 }),
  passMs: fc.integer({ min: 0, max: DAY_MS }),
  how: fc.constantFrom("silent", "reset", "finished", "told", "ours", "other"),
  isReported: fc.boolean(),
});

test("within a connection no gap is longer than announced, and memory survives a store", () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 120 }), (inputs) => {
      const interval = fresh();
      let now = 0;
      let announcedMs = interval.intervalMs;
      for (const { kind, idleMs, passMs, how, isReported } of inputs) {
        now += passMs;
        const wallMs = WALL_MS + now;
        if (kind === "ping") announcedMs = interval.pinged(idleMs, at(now));
        else if (kind === "answer") interval.answered(idleMs / 100, false, at(now));
        else if (kind === "late") interval.answered(idleMs, true, at(now));
        else if (kind === "traffic") interval.survived(idleMs, at(now));
        else if (kind === "enter") interval.enter(isReported ? interval.memory : undefined, wallMs);
        else if (kind === "limit") interval.limit(10_000, 100_000 + idleMs);
        else {
          const pingIdleMs = how === "silent" ? idleMs : undefined;
          interval.ended({ ...SILENT, how, pingIdleMs }, at(now));
          const { report } = isReported ? BACK : { report: undefined };
          interval.returned({ ...BACK, report }, at(now), wallMs);
          announcedMs = interval.intervalMs; // A connection begins by announcing it.
        }
        expect(interval.intervalMs).toBeLessThanOrEqual(announcedMs);
        expect(interval.intervalMs).toBeGreaterThanOrEqual(25_000);
        const { memory } = interval;
        if (memory.survivedMs < 10) continue; // Nothing proven since the trust was lost.
        expect(parseNetworkMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
      }
    }),
  );
});
