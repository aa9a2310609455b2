/** Rules 5, 6, 10 and 11 of liveness: what is our own doing is never held against the peer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { MASS_EXPIRY_CONFIG, MassExpiry } from "../../src/liveness/mass-expiry.ts";
import {
  at,
  type Bench,
  client,
  frameServer,
  lineServer,
  type StallWindow,
} from "./liveness-bench.ts";

const ANSWER_MS = 5_000;
const seeds = fc.integer({ min: 1, max: 1_000_000 });

/** Stalls one after the other: how long after the last one each begins, and how long it lasts. */
function windows(gaps: readonly (readonly [number, number])[]): StallWindow[] {
  let to = 0;
  return gaps.map(([afterMs, forMs]) => {
    const from = to + afterMs;
    to = from + forMs;
    return { from, to };
  });
}

const stalls = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 1, max: 40_000 })), {
    maxLength: 12,
  })
  .map(windows);

/** A bench with a peer that lives: it answers in time and, if asked to, speaks every `everyMs`. */
function withLivingPeer(bench: Bench, everyMs: number | undefined): Bench {
  bench.answerAfter(() => 300);
  if (everyMs === undefined) return bench;
  const speak = (ms: number): void =>
    bench.schedule(ms, () => {
      bench.monitor.heard(at(bench.now));
      speak(ms + everyMs);
    });
  speak(everyMs);
  return bench;
}

test("5.5 our lateness: no schedule of stalls ever kills a peer that lives", () => {
  fc.assert(
    fc.property(seeds, stalls, fc.constantFrom("client", "frame", "line"), (seed, late, kind) => {
      const bench =
        kind === "client"
          ? withLivingPeer(client(seed, 1_000 + (seed % 40_000)), undefined)
          : kind === "frame"
            ? withLivingPeer(frameServer(seed, 33_000), 30_000)
            : withLivingPeer(lineServer(seed, 60_000), 30_000);
      bench.stallWindows = late;
      bench.run(1_500_000);
      expect(bench.deadAt).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test("5.5 our lateness: bytes read only some time after a stall still come in time", () => {
  // The answer waits in the kernel while 20,000 others are read first. The first wakeup due in the
  // stall is the reading at 34,000: of its 8 s only the 7 s from there on can be known.
  const bench = frameServer(1, 33_000);
  bench.onPing = () => bench.hear(44_900);
  bench.stallWindows = [{ from: 33_001, to: 41_000 }];
  bench.run(44_900);
  expect(bench.deadAt).toBeUndefined();
  expect(bench.monitor.heardAt).toBe(44_900);

  const without = frameServer(1, 33_000);
  without.onPing = () => without.hear(44_900);
  without.run(44_900);
  expect(without.deadAt).toBe(33_000 + ANSWER_MS);
});

test("5.5 our lateness: a deadline shifts by it, one lease at most, and the record says so", () => {
  fc.assert(
    fc.property(stalls, fc.boolean(), (late, isFrame) => {
      const leaseMs = 33_000;
      const bench = isFrame ? frameServer(1, leaseMs) : lineServer(1, leaseMs);
      bench.stallWindows = late;
      bench.run(10_000_000);
      const boundMs = leaseMs + (isFrame ? ANSWER_MS : 0);
      const shiftedMs = bench.monitor.shiftedMs;
      expect(shiftedMs).toBeLessThanOrEqual(leaseMs);
      expect(bench.deadAt).toBeGreaterThanOrEqual(boundMs);
      // Late by the shift, and by the stall that the last wakeups fell into.
      const longestMs = Math.max(0, ...late.map(({ from, to }) => to - from));
      expect(bench.deadAt).toBeLessThanOrEqual(boundMs + shiftedMs + 2 * longestMs);
      if (late.every(({ from }) => from > boundMs)) expect(bench.deadAt).toBe(boundMs);
    }),
    { numRuns: 300 },
  );
});

test("5.5 our lateness: a stall in the answer time shifts the verdict by its length", () => {
  const bench = frameServer(1, 33_000);
  bench.stallWindows = [{ from: 36_000, to: 40_000 }];
  // Something has to wake us in the stall, or nobody would know of it.
  bench.schedule(36_000, () => {});
  bench.run(1_000_000);
  expect(bench.deadAt).toBe(33_000 + ANSWER_MS + 4_000);
  expect(bench.monitor.shiftedMs).toBe(4_000);
});

test("5.5 our lateness: shifts before and after the verifying ping share one lease", () => {
  const bench = frameServer(1, 33_000);
  bench.stallWindows = [
    { from: 10_000, to: 40_000 },
    { from: 64_000, to: 71_500 },
  ];
  bench.schedule(10_000, () => {});
  bench.schedule(64_000, () => {});
  bench.run(1_000_000);
  expect(bench.times("verify")).toEqual([63_000]);
  // 7.5 s late, of which the lease of 33 s leaves 3 s: due at 71,000, noticed when the stall ends.
  expect([bench.deadAt, bench.monitor.shiftedMs]).toEqual([71_500, 33_000]);
});

test("5.5 our lateness: steps of the wall clock change nothing", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.array(fc.tuple(fc.nat(60_000), fc.integer({ min: -1e9, max: 1e9 })), { maxLength: 9 }),
      (seed, steps) => {
        const [plain, stepped] = [frameServer(seed), frameServer(seed)];
        for (const bench of [plain, stepped]) {
          for (const [ms, byMs] of steps) {
            bench.schedule(ms, () => {
              if (bench === stepped) bench.wallAheadMs += byMs;
            });
          }
          bench.run(1_000_000);
        }
        expect(stepped.log).toEqual(plain.log);
        expect(stepped.stalls.totalMs).toBe(0);
      },
    ),
  );
});

test("5.5 after a sleep: asked within a second, and the answer waited for 1 to 5 s", () => {
  for (const [rttMs, withinMs] of [
    [20, 1_000],
    [500, 2_000],
    [undefined, 5_000],
  ] as const) {
    const bench = client(4, 30_000);
    let lives = true;
    if (rttMs !== undefined) {
      bench.answerAfter(
        () => rttMs,
        () => lives,
      );
    }
    bench.run(rttMs === undefined ? 1_000 : 100_000);
    lives = false;
    const wokeAt = bench.now + 3_600_000;
    bench.stalls.recordTick(at(bench.now), at(wokeAt), wokeAt);
    bench.now = wokeAt;
    bench.monitor.verifySoon(at(wokeAt), 1_000);
    bench.run(wokeAt + 100_000);
    const askedAt = bench.times("verify")[0] ?? 0;
    expect(askedAt - wokeAt).toBeGreaterThan(0);
    expect(askedAt - wokeAt).toBeLessThanOrEqual(1_000);
    expect(bench.times("beat").every((ms) => ms < wokeAt)).toBe(true);
    expect((bench.deadAt ?? 0) - askedAt).toBeCloseTo(withinMs, 3);
  }
});

test("5.5 after a sleep: who speaks is not asked, and who may only have slept has time", () => {
  const heard = client(4, 30_000);
  heard.stalls.recordTick(at(0), at(20_000), 20_000);
  heard.monitor.verifySoon(at(20_000), 1_000);
  heard.now = 20_000;
  heard.monitor.heard(at(20_000));
  heard.run(22_000);
  expect(heard.times("verify")).toEqual([]);

  // A quick path, for which a sure sleep would wait 1 s only.
  const stepped = client(4, 30_000);
  let lives = true;
  stepped.answerAfter(
    () => 20,
    () => lives,
  );
  stepped.run(100_000);
  lives = false;
  stepped.wallAheadMs = 9_000_000;
  const stall = stepped.stalls.recordTick(at(100_000), at(100_000), 9_100_000);
  expect(stall).toEqual({ at: 100_000, lateMs: 0, suspended: true });
  stepped.monitor.verifySoon(at(100_000), 1_000);
  stepped.run(1_000_000);
  const askedAt = stepped.times("verify")[0] ?? 0;
  expect(askedAt).toBeLessThanOrEqual(101_000);
  expect(stepped.deadAt).toBeCloseTo(askedAt + ANSWER_MS, 6);
});

// Ours: after one sleep every later change of the network left the peer one second to answer.
test("5.5 a sleep of long ago shortens no answer and delays no beat", () => {
  const bench = client(4, 30_000);
  let lives = true;
  bench.answerAfter(
    () => 20,
    () => lives,
  );
  bench.run(10_000);
  bench.stalls.recordTick(at(10_000), at(40_000), 40_000);
  bench.now = 40_000;
  bench.monitor.verifySoon(at(40_000), 1_000);
  bench.run(200_000);
  lives = false;
  const asksBefore = bench.times("verify").length;
  bench.monitor.verifySoon(at(200_000), 1_000);
  bench.run(1_000_000);
  const askedAt = bench.times("verify")[asksBefore] ?? 0;
  expect(askedAt).toBeLessThanOrEqual(201_000);
  expect(bench.deadAt).toBeCloseTo(askedAt + ANSWER_MS, 6);
});

// Ours: the network changed within a second of an awakening that the peer had answered already.
test("5.5 who was heard since the sleep has its whole time when the network changes", () => {
  const bench = client(4, 30_000);
  let lives = true;
  bench.answerAfter(
    () => 20,
    () => lives,
  );
  bench.run(10_000);
  bench.stalls.recordTick(at(10_000), at(40_000), 40_000);
  bench.now = 40_000;
  bench.hear(40_100);
  bench.run(40_900);
  lives = false;
  bench.monitor.verifySoon(at(40_900), 1_000);
  bench.run(1_000_000);
  const askedAt = bench.times("verify").at(-1) ?? 0;
  expect(Math.abs(askedAt - 41_400)).toBeLessThanOrEqual(500);
  expect(bench.deadAt).toBeCloseTo(askedAt + ANSWER_MS, 6);
});

test("5.5 after a sleep: a line peer, who cannot be asked, has its whole allowance again", () => {
  const bench = lineServer(1, 60_000);
  bench.hear(10_000);
  bench.run(20_000);
  bench.stalls.recordTick(at(20_000), at(3_600_000), 3_600_000);
  bench.now = 3_600_000;
  bench.monitor.verifySoon(at(3_600_000), 1_000);
  bench.run(10_000_000);
  expect(bench.deadAt).toBe(3_660_000);
  expect(bench.times("verify")).toEqual([]);
});

test("5.6 mass expiry: a second unanswered ping, or more time, and none is held twice", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.integer({ min: 0, max: 5_000 }), (isFrame, delayMs) => {
      const bench = isFrame ? frameServer(1, 33_000) : lineServer(1, 33_000);
      const decisions: boolean[] = [];
      bench.onExpired = () => {
        const isHeld = bench.monitor.hold(delayMs, at(bench.now));
        decisions.push(isHeld);
        expect(bench.monitor.held).toBe(true);
        if (!isHeld) bench.monitor.dead(at(bench.now));
      };
      bench.run(1_000_000);
      expect(decisions).toEqual([true, false]);
      expect(bench.times("verify")).toHaveLength(isFrame ? 2 : 0);
      // Held is not acquitted.
      expect(bench.times("alive")).toEqual([]);
      // The delay and the second answer together take one answer time, where the delay leaves half.
      const secondMs = Math.max(ANSWER_MS, delayMs + ANSWER_MS / 2);
      expect(bench.deadAt).toBe(33_000 + (isFrame ? ANSWER_MS + secondMs : delayMs));
    }),
  );
});

test("5.6 mass expiry: one byte sets a held peer free, and it may be held again later", () => {
  const bench = frameServer(1, 33_000);
  let holds = 0;
  bench.onExpired = () => {
    if (bench.monitor.hold(1_000, at(bench.now))) holds += 1;
    else bench.monitor.dead(at(bench.now));
  };
  bench.hear(38_500);
  bench.run(38_600);
  expect([bench.monitor.verdict, bench.monitor.held]).toEqual(["alive", false]);
  bench.run(1_000_000);
  expect(holds).toBe(2);
  expect(bench.deadAt).toBe(38_500 + 38_000 + ANSWER_MS);
});

test("5.6 mass expiry: held exactly when more than 2 % and at least 50 expire", () => {
  const batches = fc.array(fc.tuple(fc.nat(3_000), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(batches, fc.integer({ min: 100, max: 20_000 }), (steps, live) => {
      const judge = new MassExpiry(MASS_EXPIRY_CONFIG, seededRandom(1));
      const seen: [number, number][] = [];
      let now = 0;
      for (const [afterMs, count] of steps) {
        now += afterMs;
        seen.push([now, count]);
        const inWindow = seen
          .filter(([ms]) => now - ms < ANSWER_MS)
          .reduce((sum, [, n]) => sum + n, 0);
        const expected = inWindow >= 50 && inWindow > 0.02 * live ? "hold" : "dead";
        expect(judge.judge(count, live, ANSWER_MS, at(now))).toBe(expected);
      }
    }),
  );
});

test("5.6 mass expiry: the window slides, and held peers are asked at random", () => {
  const judge = new MassExpiry(MASS_EXPIRY_CONFIG, seededRandom(1));
  expect(judge.judge(49, 1_000, ANSWER_MS, at(0))).toBe("dead");
  expect(judge.judge(1, 1_000, ANSWER_MS, at(ANSWER_MS))).toBe("dead");
  expect(judge.judge(49, 1_000, ANSWER_MS, at(ANSWER_MS + 1))).toBe("hold");
  const delays = Array.from({ length: 1_000 }, () => judge.holdDelayMs(ANSWER_MS));
  expect(Math.min(...delays)).toBeLessThan(100);
  expect(Math.max(...delays)).toBeGreaterThan(ANSWER_MS / 2 - 100);
  expect(Math.max(...delays)).toBeLessThanOrEqual(ANSWER_MS / 2);
});

test("5.10 phase spread: first beats lie evenly; jitter shortens by 5 % and 5 s at most", () => {
  const buckets = new Array<number>(10).fill(0);
  for (let seed = 1; seed <= 2_000; seed++) {
    const bench = client(seed, 10_000, "always");
    bench.answerAfter(() => 10);
    bench.run(30_000);
    const [first = 0, second = 0] = bench.times("beat");
    const bucket = Math.floor(first / 1_000);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    expect(second - first).toBeLessThanOrEqual(10_000 + 1e-6);
    expect(second - first).toBeGreaterThanOrEqual(9_500 - 1e-6);
  }
  expect(Math.min(...buckets)).toBeGreaterThan(140);
  expect(Math.max(...buckets)).toBeLessThan(260);

  const long = client(2, 3_600_000, "always");
  long.answerAfter(() => 10);
  long.run(7_200_000);
  const [first = 0, second = 0] = long.times("beat");
  expect(second - first).toBeGreaterThanOrEqual(3_595_000 - 1e-6);
});

test("5.10 phase spread: a plain client beats every interval whatever the traffic", () => {
  const bench = client(2, 1_000, "always");
  for (let ms = 10; ms < 60_000; ms += 10) {
    bench.schedule(ms, () => {
      bench.monitor.heard(at(bench.now));
      bench.monitor.spoke(at(bench.now), 10);
    });
  }
  bench.run(60_000);
  expect(bench.times("beat").length).toBeGreaterThanOrEqual(59);
  const quiet = client(2, 1_000, "when-quiet");
  for (let ms = 10; ms < 60_000; ms += 10) {
    quiet.schedule(ms, () => {
      quiet.monitor.heard(at(quiet.now));
      quiet.monitor.spoke(at(quiet.now), 10);
    });
  }
  quiet.run(59_000);
  expect(quiet.times("beat")).toHaveLength(1);
});

test("5.11 our own pause: no verdict from silence, a ping every 2 s, and time afterwards", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("client", "frame", "line"),
      fc.integer({ min: 1, max: 37_000 }),
      fc.integer({ min: 1, max: 200_000 }),
      (kind, pausedAt, forMs) => {
        const bench =
          kind === "client" ? client(3) : kind === "frame" ? frameServer() : lineServer();
        bench.run(pausedAt);
        if (bench.deadAt !== undefined) return;
        const before = bench.log.length;
        bench.monitor.pause(at(pausedAt));
        bench.run(pausedAt + forMs);
        const meanwhile = bench.log.slice(before).filter(({ action }) => action !== "alive");
        const speaks = kind !== "line";
        const expected = speaks ? Math.floor(forMs / 2_000) + 1 : 0;
        expect(meanwhile.map(({ action }) => action)).toEqual(new Array(expected).fill("beat"));
        expect(bench.monitor.verdict).toBe("alive");
        bench.monitor.resume(at(bench.now));
        const resumedAt = bench.now;
        bench.run(10_000_000);
        expect(bench.deadAt).toBe(resumedAt + (speaks ? ANSWER_MS : 60_000));
      },
    ),
    { numRuns: 200 },
  );
});
