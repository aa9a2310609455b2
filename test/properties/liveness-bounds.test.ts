/** Rules 1 to 4 of liveness: what is evidence, and when exactly its lack is death. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom, uniform } from "../../src/base/random.ts";
import { at, type Bench, client, frameServer, lineServer } from "./liveness-bench.ts";

const ANSWER_MS = 5_000;
const seeds = fc.integer({ min: 1, max: 1_000_000 });
const moments = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 30 });
const styles = fc.constantFrom("always" as const, "when-quiet" as const);

test("5.1 two clocks: a silent peer is dead within E + interval + answer time", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 10, max: 120_000 }),
      styles,
      moments,
      fc.integer({ min: 0, max: 100_000 }),
      (seed, intervalMs, style, sends, silentFrom) => {
        const bench = client(seed, intervalMs, style);
        let heardAt = 0;
        bench.answerAfter(
          () => 40,
          () => bench.now < silentFrom,
        );
        for (const ms of sends) bench.schedule(ms, () => bench.monitor.spoke(at(bench.now), 999));
        bench.run(1_000_000);
        heardAt = bench.monitor.heardAt;
        expect(bench.deadAt).toBeDefined();
        expect(bench.deadAt).toBeLessThanOrEqual(heardAt + intervalMs + ANSWER_MS + 1e-6);
        expect(bench.deadAt).toBeGreaterThanOrEqual(heardAt + ANSWER_MS - 1e-6);
      },
    ),
    { numRuns: 300 },
  );
});

test("5.1 two clocks: sending never postpones death at a server, to the millisecond", () => {
  fc.assert(
    fc.property(seeds, moments, moments, fc.boolean(), (seed, hears, sends, isFrame) => {
      const bench = isFrame ? frameServer(seed, 33_000) : lineServer(seed, 33_000);
      const heard = [...hears].sort((a, b) => a - b);
      for (const ms of heard) bench.hear(ms);
      for (const ms of sends) bench.schedule(ms, () => bench.monitor.spoke(at(bench.now), 7));
      bench.run(1_000_000);
      const boundMs = isFrame ? 33_000 + ANSWER_MS : 33_000;
      let lastAt = 0;
      for (const ms of heard) if (ms <= lastAt + boundMs) lastAt = ms;
      expect(bench.deadAt).toBe(lastAt + boundMs);
    }),
    { numRuns: 300 },
  );
});

test("5.1 two clocks: half a frame is evidence; any byte clears the awaited ping", () => {
  const bench = frameServer();
  bench.hear(34_000); // After the verifying ping at 33,000, and not its answer.
  bench.run(34_000);
  expect(bench.monitor.verdict).toBe("alive");
  expect(bench.monitor.pingsOutstanding).toBe(1);
  bench.run(200_000);
  expect(bench.deadAt).toBe(34_000 + 33_000 + ANSWER_MS);
});

test("5.2 lease: no gap exceeds what was announced, and a beat in time announces more", () => {
  fc.assert(
    fc.property(
      seeds,
      styles,
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1_000, max: 60_000 })),
        { minLength: 1, maxLength: 8 },
      ),
      (seed, style, changes) => {
        const bench = client(seed, 10_000, style);
        const promises: { at: number; ms: number }[] = [{ at: 0, ms: 10_000 }];
        let intervalMs = 10_000;
        let atMs = 0;
        for (const [afterMs, toMs] of changes) {
          atMs += afterMs;
          bench.schedule(atMs, () => {
            intervalMs = toMs;
            bench.monitor.setBeat(toMs, style, at(bench.now));
            // Traffic in both directions must not keep back the ping that announces.
            bench.monitor.heard(at(bench.now));
          });
        }
        bench.answerAfter(() => 20);
        const answer = bench.onPing;
        bench.onPing = (seq) => {
          promises.push({ at: bench.now, ms: intervalMs });
          answer(seq);
        };
        bench.run(atMs + 200_000);
        for (const [index, beat] of promises.entries()) {
          const next = promises[index + 1];
          if (next === undefined) continue;
          // The last announced gap holds until the next ping announces another one.
          expect(next.at - beat.at).toBeLessThanOrEqual(beat.ms + 20 + 1e-6);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("5.3 suspect before dead: suspicion comes before death, and a ping where it may", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom("client", "frame", "line"), moments, (seed, kind, hears) => {
      const bench =
        kind === "client" ? client(seed) : kind === "frame" ? frameServer(seed) : lineServer(seed);
      for (const ms of hears) bench.hear(ms);
      bench.run(1_000_000);
      const actions = bench.log.map(({ action }) => action);
      const verdicts = actions.filter((one) =>
        ["alive", "slow", "suspect", "expired"].includes(one),
      );
      expect(verdicts.slice(-2)).toEqual(["suspect", "expired"]);
      if (kind === "line") expect(actions).not.toContain("verify");
      if (kind === "frame") expect(bench.times("verify").at(-1)).toBe((bench.deadAt ?? 0) - 5_000);
      if (kind === "line") expect(bench.times("suspect").at(-1)).toBe((bench.deadAt ?? 0) - 5_000);
      if (kind === "frame") expect(bench.times("suspect").at(-1)).toBe((bench.deadAt ?? 0) - 5_000);
    }),
    { numRuns: 200 },
  );
});

test("5.3 suspect before dead: a client doubts two probe timeouts after its ping", () => {
  const bench = client(3, 30_000);
  let lives = true;
  bench.answerAfter(
    () => 100,
    () => lives,
  );
  bench.schedule(200_000, () => {
    lives = false;
  });
  bench.run(1_000_000);
  const pingAt = bench.times("beat").find((ms) => ms > 200_000) ?? 0;
  expect(bench.times("suspect")).toEqual([pingAt + 2 * bench.monitor.estimator.ptoMs()]);
  expect(bench.deadAt).toBe(pingAt + ANSWER_MS);
});

test("5.4 evidence: output that moves restarts the answer clock, and is slow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4_999 }), { minLength: 1, maxLength: 30 }),
      (gaps) => {
        const bench = frameServer();
        let movedAt = 33_000;
        for (const gapMs of gaps) {
          movedAt += gapMs;
          bench.schedule(movedAt, () => bench.monitor.moved(at(bench.now)));
        }
        bench.run(movedAt);
        expect(bench.monitor.verdict).toBe("slow");
        bench.run(1_000_000);
        expect(bench.deadAt).toBe(movedAt + ANSWER_MS);
        expect(bench.log.at(-1)?.action).toBe("expired");
        expect(bench.monitor.movedAt).toBe(movedAt);
      },
    ),
  );
});

test("5.4 evidence: behind more than 64 KiB a ping waits for the drain timeout", () => {
  for (const [behindBytes, waitMs] of [
    [65_536, ANSWER_MS],
    [65_537, 60_000],
  ] as const) {
    const bench = frameServer();
    bench.behindBytes = behindBytes;
    bench.run(1_000_000);
    expect(bench.deadAt).toBe(33_000 + waitMs);
  }
});

test("5.4 evidence: a kernel count that stands kills, one that falls keeps alive", () => {
  const stands = frameServer();
  stands.behindBytes = 1_000_000;
  stands.reading = () => 900_000;
  stands.run(1_000_000);
  expect(stands.deadAt).toBe(33_000 + ANSWER_MS);

  // The count becomes known late: one reading alone shows no standstill.
  const late = frameServer();
  late.behindBytes = 1_000_000;
  late.reading = () => (late.now < 40_000 ? undefined : 900_000);
  late.run(1_000_000);
  expect(late.deadAt).toBe(41_000);

  const falls = frameServer();
  falls.behindBytes = 1_000_000;
  falls.reading = () => Math.max(0, 1_000_000 - (falls.now - 33_000) * 20);
  falls.run(80_000);
  expect(falls.monitor.verdict).toBe("slow");
  falls.run(1_000_000);
  // All was taken at 83,000; that was the last movement, and the drain timeout runs from there.
  expect(falls.deadAt).toBeGreaterThan(83_000 + 60_000 - 1);
  expect(falls.deadAt).toBeLessThan(84_000 + 60_000 + 1);
});

test("5.4 evidence: output hides no movement, and its kernel keeps no frozen peer alive", () => {
  // The kernel's buffer is always full, since each acknowledged byte is replaced at once.
  const full = frameServer();
  full.behindBytes = 1_000_000;
  full.reading = () => {
    full.monitor.spoke(at(full.now), 10_000);
    return 900_000;
  };
  full.run(120_000);
  expect(full.monitor.verdict).toBe("slow");

  // One line a second to a frozen process: its kernel takes each one, and that is no sign of life.
  const frozen = lineServer(1, 20_000);
  for (let ms = 500; ms < 100_000; ms += 1_000) {
    frozen.schedule(ms, () => frozen.monitor.spoke(at(frozen.now), 10));
  }
  frozen.reading = () => (Math.floor(frozen.now / 1_000) % 2 === 0 ? 0 : 10);
  frozen.run(1_000_000);
  expect(frozen.deadAt).toBeLessThanOrEqual(20_000 + 20_000);
});

test("5.4 evidence: a ping that cannot even be queued is no reason to wait for ever", () => {
  const bench = frameServer();
  bench.monitor.pinged = () => {}; // The caller has one in its queue that the kernel refuses.
  bench.run(1_000_000);
  expect(bench.deadAt).toBe(33_000 + 60_000);
});

test("a peer that never answers is judged by what its kernel takes, or not at all", () => {
  const mute = (reading: (bench: Bench) => number | undefined): Bench => {
    const bench = client(5, 30_000, "always");
    bench.monitor.setAnswers(false);
    bench.reading = () => reading(bench);
    return bench.run(400_000);
  };
  const gone = mute(() => 5);
  const firstBeat = gone.times("beat")[0] ?? 0;
  expect(gone.deadAt).toBe(firstBeat + ANSWER_MS);
  expect(gone.times("suspect")).toHaveLength(1);
  expect(gone.monitor.pingsOutstanding).toBe(0);

  // Pings that follow each other faster than the answer time do not put the verdict off.
  const often = client(5, 1_000, "always");
  often.monitor.setAnswers(false);
  often.reading = () => 5 * often.seq; // None of them was ever taken.
  often.run(400_000);
  expect(often.deadAt).toBe((often.times("beat")[0] ?? 0) + ANSWER_MS);

  expect(mute(() => 0).deadAt).toBeUndefined();
  expect(mute(() => undefined).deadAt).toBeUndefined();
  const random = seededRandom(9);
  // A busy sender: something is always on its way, and every reading finds more of it or less.
  const busy = mute((bench) => {
    bench.monitor.spoke(at(bench.now), 50_000);
    return uniform(random, 1, 50_000);
  });
  expect(busy.deadAt).toBeUndefined();
  expect(busy.times("suspect")).toEqual([]);
  // What was handed over uncounted may hide any movement.
  const uncounted = mute((bench) => {
    bench.monitor.spoke(at(bench.now));
    return 70_000;
  });
  expect(uncounted.deadAt).toBeUndefined();
});

test("a day of idling: beats as promised, no doubt ever, and the peer's lease is kept", () => {
  const ours = client(11, 30_000);
  const theirs = frameServer(12, 33_000);
  ours.answerAfter(() => 30);
  const answer = ours.onPing;
  ours.onPing = (seq) => {
    theirs.hear(ours.now + 15);
    answer(seq);
  };
  const dayMs = 86_400_000;
  for (let ms = 0; ms < dayMs; ms += 1_000) {
    ours.run(ms);
    theirs.run(ms);
  }
  const beats = ours.times("beat").length;
  expect(beats).toBeGreaterThanOrEqual(dayMs / 30_000);
  expect(beats).toBeLessThanOrEqual(dayMs / 28_500 + 1);
  expect(ours.log.every(({ action }) => action === "beat")).toBe(true);
  expect(theirs.log).toEqual([]);
});
