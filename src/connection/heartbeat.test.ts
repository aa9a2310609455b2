import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { type Instant, later } from "../base/time.ts";
import { PingBudget } from "../liveness/ping-budget.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { SERVER_CONFIG } from "../testing/connection-pair.ts";
import { Heartbeat, type PingAnswer } from "./heartbeat.ts";
import { Output } from "./output.ts";
import { FrameSpeech, LineSpeech } from "./speech.ts";

/** As SERVER_CONFIG has it. */
const INTERVAL_MS = 100;
const START = 1_000 as Instant;

/** How a server rules on pings, each so long after the one before. */
function rulings(dialect: "line" | "frame", gapsMs: readonly number[]): PingAnswer[] {
  const stalls = new StallLog({ stallToleranceMs: 250 });
  const output = new Output(SERVER_CONFIG, stalls);
  output.speech =
    dialect === "line" ? new LineSpeech(SERVER_CONFIG.words, 100) : new FrameSpeech("server");
  const context = { stalls, random: seededRandom(1) };
  const heartbeat = new Heartbeat(SERVER_CONFIG, context, output, START);
  let now = START;
  return gapsMs.map((gapMs, index) => {
    now = later(now, gapMs);
    return heartbeat.onPing(index + 1, 0, now);
  });
}

/** The same by a budget that is there from the first ping on. */
function rulingsOfBudget(dialect: "line" | "frame", gapsMs: readonly number[]): PingAnswer[] {
  const budget = new PingBudget(INTERVAL_MS, 50, dialect);
  let now = START;
  return gapsMs.map((gapMs) => {
    now = later(now, gapMs);
    const ruling = budget.ping(now);
    if (ruling === "end") return "flood";
    return ruling === "coalesce" ? "later" : "answered";
  });
}

test.each(["line", "frame"] as const)(
  "%s: the burst is 50 pings, whatever came before at the rate that is allowed",
  (dialect) => {
    const burst = Array.from({ length: 51 }, () => 0);
    for (const before of [[], [5_000], [INTERVAL_MS, INTERVAL_MS, INTERVAL_MS]]) {
      const all = rulings(dialect, [...before, INTERVAL_MS, ...burst.slice(1)]);
      const answered = all.filter((one) => one === "answered").length;
      // "slow" is answered, too, and said once, to frame peers.
      expect(answered - before.length).toBe(dialect === "line" ? 50 : 51);
    }
  },
);

test.each(["line", "frame"] as const)(
  "%s: a budget that is made late rules as if it had always been there",
  (dialect) => {
    const gapMs = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(60, 99, 99.999, INTERVAL_MS, 100.001, 101) },
      { weight: 2, arbitrary: fc.integer({ min: 100, max: 3_000 }) },
      { weight: 4, arbitrary: fc.constantFrom(0, 1, 9) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 200, noNaN: true }) },
    );
    // In runs, since it takes many pings of one kind to empty a budget or to fill it.
    const run = fc.tuple(gapMs, fc.integer({ min: 1, max: 120 }));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12, size: "max" }), (runs) => {
        const gapsMs = runs.flatMap(([gap, times]) => Array.from({ length: times }, () => gap));
        expect(rulings(dialect, gapsMs)).toEqual(rulingsOfBudget(dialect, gapsMs));
      }),
    );
  },
);
