/**
 * The bounds that `explain` tells are those by which the lab and the simulation judge, and those
 * by which a real monitor finds a silent peer.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { jitterMsMax } from "../../src/liveness/beat-schedule.ts";
import { MASS_EXPIRY_CONFIG, MassExpiry } from "../../src/liveness/mass-expiry.ts";
import type { Found, Within } from "../../src/ops/explain/bound.ts";
import { type Explanation, explain } from "../../src/ops/explain/explain.ts";
import type { ExplainOptions } from "../../src/ops/explain/options.ts";
import type { WayId } from "../../src/ops/explain/way.ts";
import { clientBoundMs, serverBoundMs } from "../../src/simulation/checkers/detection-bound.ts";
import { EndTruth } from "../../src/simulation/end-truth.ts";
import type { ClientTerms, ServerTerms } from "../../src/simulation/world-view.ts";
import { boundOf, type Dialect, type LabOptions } from "../lab/bounds.ts";
import { at, type Bench, client, frameServer, lineServer } from "./liveness-bench.ts";

const ANSWER_MS = 5_000;

function within(found: Found): Within {
  if (found.kind !== "within") throw new Error(`expected a bound, got ${found.kind}`);
  return found;
}

function boundIn(explanation: Explanation, id: WayId, side: "client" | "server"): Within {
  const way = explanation.ways.find((one) => one.id === id);
  if (way === undefined) throw new Error(`there is no way ${id}`);
  return within(way[side].found);
}

/** Without the tick, which the documents and the judges add by themselves. */
function sumOf({ ms, parts }: Within): number {
  return ms - (parts.find(({ name }) => name === "tick")?.ms ?? 0);
}

const answers = fc.oneof(fc.constant(false as const), fc.integer({ min: 10, max: 100_000 }));

/** What both ends of a lab run may be told; a client of lines beats twice in the timeout. */
const labOptions: fc.Arbitrary<LabOptions> = fc
  .record({
    timeoutMs: fc.integer({ min: 4_000, max: 600_000 }),
    share: fc.double({ min: 0.3, max: 0.5, noNaN: true }),
    clientAnswerMs: answers,
    serverAnswerMs: answers,
  })
  .map(({ share, ...options }) => ({
    ...options,
    intervalMs: Math.floor(options.timeoutMs * share),
  }));

function asked(options: LabOptions, dialect: Dialect): ExplainOptions {
  const { intervalMs, clientAnswerMs, serverAnswerMs, timeoutMs } = options;
  return {
    heartbeat: { intervalMs, answerWithinMs: clientAnswerMs },
    answerWithinMs: serverAnswerMs,
    timeoutMs,
    dialect,
  };
}

/** Each adds the same parts in an order of its own, and a tenth of a lease is no round number. */
const DIGITS = 6;

test.each<Dialect>(["frame", "line"])("%s: the lab judges by the same bounds", (dialect) => {
  fc.assert(
    fc.property(labOptions, (options) => {
      const explanation = explain(asked(options, dialect));
      for (const side of ["client", "server"] as const) {
        const bound = boundIn(explanation, "vanished", side);
        expect(sumOf(bound)).toBeCloseTo(boundOf(side, dialect, options).ms, DIGITS);
      }
    }),
  );
});

test.each<Dialect>(["frame", "line"])("%s: the simulation judges by the same bounds", (dialect) => {
  fc.assert(
    fc.property(labOptions, (options) => {
      const explanation = explain(asked(options, dialect));
      const { intervalMs, clientAnswerMs, serverAnswerMs, timeoutMs } = options;
      const ends = (["client", "server"] as const).map((side) => {
        const end = new EndTruth({ flow: 1, side, host: "h" }, 0);
        end.phase = "open";
        if (side === "client" && dialect === "frame") end.announcedMsMax = intervalMs;
        if (side === "client" && dialect === "frame") end.announcedMs = intervalMs;
        Object.defineProperty(end.spoken, "dialect", { value: dialect });
        return end;
      });
      const [ofClient, ofServer] = ends as [EndTruth, EndTruth];
      const shared = { drainTimeoutMs: 60_000, timeoutMs };
      const clientTerms = { ...shared, intervalMs, answerWithinMs: clientAnswerMs };
      const leases = { leaseMsMin: 1_000, leaseMsMax: timeoutMs, handshakeTimeoutMs: 10_000 };
      const serverTerms = { ...shared, ...leases, answerWithinMs: serverAnswerMs };
      expect(sumOf(boundIn(explanation, "vanished", "client"))).toBeCloseTo(
        clientBoundMs(clientTerms as unknown as ClientTerms, ofClient),
        DIGITS,
      );
      expect(sumOf(boundIn(explanation, "vanished", "server"))).toBeCloseTo(
        serverBoundMs(serverTerms as unknown as ServerTerms, ofServer, ofClient),
        DIGITS,
      );
    }),
  );
});

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const intervals = fc.integer({ min: 1_000, max: 30_000 });

function frames(intervalMs: number): Explanation {
  return explain({ heartbeat: { intervalMs, answerWithinMs: ANSWER_MS }, timeoutMs: 60_000 });
}

/** When the monitor is dead, counted from the last byte that it heard. */
function silence(bench: Bench): number {
  bench.run(10_000_000);
  return (bench.deadAt ?? Number.POSITIVE_INFINITY) - bench.monitor.heardAt;
}

test("a monitor of a client is dead within the bound, and no sooner than its jitter allows", () => {
  fc.assert(
    fc.property(seeds, intervals, (seed, intervalMs) => {
      const bench = client(seed, intervalMs);
      // Answered once, so that the silence begins with a whole interval.
      bench.answerAfter(
        () => 0,
        () => bench.seq === 1,
      );
      const boundMs = sumOf(boundIn(frames(intervalMs), "vanished", "client"));
      const silentMs = silence(bench);
      expect(silentMs).toBeLessThanOrEqual(boundMs + 1e-6);
      expect(silentMs).toBeGreaterThanOrEqual(boundMs - jitterMsMax(intervalMs) - 1e-6);
    }),
  );
});

test("a monitor of a server is dead exactly at the bound, asked or not", () => {
  fc.assert(
    fc.property(seeds, intervals, (seed, intervalMs) => {
      const explanation = frames(intervalMs);
      const { leaseMs, graceMs } = explanation.inForce;
      const whoIsAsked = frameServer(seed, leaseMs + graceMs);
      expect(silence(whoIsAsked)).toBeCloseTo(sumOf(boundIn(explanation, "vanished", "server")), 5);

      const far = frameServer(seed, leaseMs + graceMs);
      far.behindBytes = 65_537;
      expect(silence(far)).toBeCloseTo(sumOf(boundIn(explanation, "far-behind", "server")), 5);

      const lines = explain({ dialect: "line" });
      expect(silence(lineServer(seed))).toBe(sumOf(boundIn(lines, "vanished", "server")));
    }),
  );
});

test("a verdict that is held for mass expiry comes exactly at the bound told for that", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const explanation = frames(30_000);
      const rule = new MassExpiry(MASS_EXPIRY_CONFIG, seededRandom(seed));
      const hold = (bench: Bench, delayMs: number): Bench => {
        bench.onExpired = () => {
          if (!bench.monitor.hold(delayMs, at(bench.now))) bench.monitor.dead(at(bench.now));
        };
        return bench;
      };
      const whoIsAsked = hold(frameServer(seed), rule.holdDelayMs(ANSWER_MS));
      expect(silence(whoIsAsked)).toBeCloseTo(sumOf(boundIn(explanation, "mass", "server")), 5);

      const lines = explain({ dialect: "line", answerWithinMs: ANSWER_MS });
      const notAsked = hold(lineServer(seed), ANSWER_MS);
      expect(silence(notAsked)).toBe(sumOf(boundIn(lines, "mass", "server")));
    }),
  );
});

test("after a sleep of ours the monitor is dead within the bound told for that", () => {
  fc.assert(
    fc.property(seeds, fc.boolean(), (seed, isClient) => {
      const bench = isClient ? client(seed) : frameServer(seed);
      const wokeAt = 100_000;
      bench.stallWindows = [{ from: 1_000, to: wokeAt }];
      bench.schedule(1_001, () => bench.monitor.verifySoon(at(bench.now)));
      bench.run(10_000_000);
      const bound = boundIn(frames(30_000), "slept", isClient ? "client" : "server");
      expect(bench.deadAt).toBeGreaterThan(wokeAt);
      expect(bench.deadAt).toBeLessThanOrEqual(wokeAt + sumOf(bound) + 1e-6);
    }),
  );
});

test("without answers: dead within the bound where the kernel's count stands, else never", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const explanation = explain({ heartbeat: { pong: "none", answerWithinMs: ANSWER_MS } });
      const bench = client(seed, 30_000, "always");
      bench.monitor.setAnswers(false);
      bench.reading = () => 5;
      const boundMs = sumOf(boundIn(explanation, "vanished", "client"));
      expect(silence(bench)).toBeLessThanOrEqual(boundMs + 1e-6);

      const frozen = client(seed, 30_000, "always");
      frozen.monitor.setAnswers(false);
      frozen.reading = () => 0;
      frozen.run(1_000_000);
      expect(frozen.deadAt).toBeUndefined();
      const way = explanation.ways.find(({ id }) => id === "frozen");
      expect(way?.client.found).toEqual({ kind: "never" });
    }),
    { numRuns: 20 },
  );
});
