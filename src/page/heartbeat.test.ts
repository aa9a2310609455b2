/** Beats and verdicts of a page by a clock moved by hand: every 10 s, with 5 for an answer. */
import { expect, test } from "vitest";
import { at, HeartbeatRig } from "../../test/support/heartbeat-rig.ts";
import { seededRandom } from "../base/random.ts";

/** Where nothing was measured. */
const ANSWER_MS = 5_000;
const DOUBT_MS = 2_000;

/** With the first ping said at 5,000 and gone. */
function pinged(settings: ConstructorParameters<typeof HeartbeatRig>[0] = {}): HeartbeatRig {
  const rig = new HeartbeatRig(settings);
  expect(rig.run(0, 5_000)).toEqual([{ what: "ping", seq: 1, nextMs: 10_000, at: 5_000 }]);
  return rig;
}

test("the first beat comes at a random point of the interval, jitter only downwards", () => {
  const firsts: number[] = [];
  for (let seed = 0; seed < 50; seed++) {
    const rig = new HeartbeatRig({ random: seededRandom(seed) });
    let now = 0;
    for (let beat = 0; beat < 5; beat++) {
      const dueAt = rig.heartbeat.deadline;
      if (beat === 0) firsts.push(dueAt);
      else {
        expect(dueAt - now).toBeLessThanOrEqual(10_000);
        expect(dueAt - now).toBeGreaterThanOrEqual(9_500);
      }
      rig.heartbeat.settle(at(dueAt - 0.001));
      expect(rig.taken()).toEqual([]);
      rig.heartbeat.settle(at(dueAt));
      expect(rig.taken()).toHaveLength(1);
      now = dueAt;
      if (rig.output.look(at(now))) rig.heartbeat.left(at(now));
      rig.heartbeat.heard(at(now));
    }
  }
  expect(Math.min(...firsts)).toBeLessThan(1_000);
  expect(Math.max(...firsts)).toBeGreaterThan(9_000);
  expect(Math.max(...firsts)).toBeLessThan(10_000);
});

test("traffic in both directions makes a beat unnecessary, traffic in one does not", () => {
  const rig = pinged();
  rig.heartbeat.heard(at(14_000));
  rig.heartbeat.left(at(14_000));
  expect(rig.run(14_000, 23_700)).toEqual([]);
  const deaf = pinged();
  deaf.heartbeat.heard(at(14_000));
  expect(deaf.run(14_000, 15_000)).toHaveLength(1);
});

test("the clock for an answer runs from the first ping without one", () => {
  const rig = pinged({ options: { heartbeat: { intervalMs: 10_000, answerWithinMs: 25_000 } } });
  rig.run(5_001, 29_000);
  expect(rig.heartbeat.pingsOut).toBeGreaterThan(2);
  expect(rig.deadFrom(29_000)).toBe(5_000 + 25_000);
});

test("a byte heard ends the wait, and the next ping begins another", () => {
  const rig = pinged();
  expect(rig.deadFrom(5_000)).toBe(5_000 + ANSWER_MS);
  rig.heartbeat.heard(at(9_999));
  expect(rig.deadFrom(9_999, 100_000)).toBeUndefined();
  const [next] = rig.run(9_999, 20_000);
  expect(rig.deadFrom(next?.at ?? 0)).toBe((next?.at ?? 0) + ANSWER_MS);
});

test("doubt comes before death, and an answer ends it", () => {
  const rig = pinged();
  rig.heartbeat.settle(at(5_000 + DOUBT_MS - 1));
  expect(rig.heartbeat.verdict).toBe("alive");
  expect(rig.heartbeat.settle(at(5_000 + DOUBT_MS))).toBe(true);
  expect(rig.heartbeat.verdict).toBe("suspect");
  expect(rig.heartbeat.settle(at(5_000 + DOUBT_MS + 1))).toBe(false);
  rig.heartbeat.heard(at(8_000));
  expect(rig.heartbeat.settle(at(8_000))).toBe(true);
  expect(rig.heartbeat.verdict).toBe("alive");
});

test("even where the answer time is short there is doubt first", () => {
  const rig = pinged({ options: { heartbeat: { intervalMs: 10_000, answerWithinMs: 300 } } });
  rig.heartbeat.settle(at(5_200));
  expect(rig.heartbeat.verdict).toBe("suspect");
  expect(rig.deadFrom(5_200)).toBe(5_300);
});

test("output that moves keeps a silent server from death, and makes it slow", () => {
  const rig = pinged();
  rig.heartbeat.moved(at(8_000));
  rig.heartbeat.settle(at(8_000));
  expect(rig.heartbeat.verdict).toBe("slow");
  expect(rig.deadFrom(8_000)).toBe(8_000 + ANSWER_MS);
  rig.heartbeat.settle(at(8_000 + (ANSWER_MS * 2) / 3 + 1));
  expect(rig.heartbeat.verdict).toBe("suspect");
});

test("our own lateness moves death, by one interval at most", () => {
  for (const [lateMs, shiftMs] of [
    [0, 0],
    [250, 0],
    [3_000, 3_000],
    [9_999, 9_999],
    [50_000, 10_000],
  ] as const) {
    const rig = pinged();
    rig.late.tick(5_100, at(5_100 + lateMs), 5_100 + lateMs);
    expect(rig.heartbeat.shiftMs, `${lateMs}`).toBe(shiftMs);
    expect(rig.deadFrom(5_000)).toBe(5_000 + ANSWER_MS + shiftMs);
  }
});

test("lateness from before the ping does not count, and a byte heard forgets the rest", () => {
  const rig = new HeartbeatRig();
  rig.late.tick(100, at(3_100), 3_100);
  expect(rig.run(3_100, 5_000)).toHaveLength(1);
  expect(rig.deadFrom(5_000)).toBe(5_000 + ANSWER_MS);
  rig.late.tick(6_000, at(8_000), 8_000);
  rig.heartbeat.heard(at(8_000));
  expect(rig.heartbeat.shiftMs).toBe(0);
});

test("an answer is waited for from when its ping left the browser", () => {
  const rig = new HeartbeatRig();
  rig.ws.bufferedAmount = 10;
  rig.run(0, 7_900);
  expect(rig.heartbeat.pingsOut).toBe(1);
  rig.ws.bufferedAmount = 0;
  expect(rig.output.look(at(8_000))).toBe(true);
  rig.heartbeat.left(at(8_000));
  expect(rig.deadFrom(8_000)).toBe(8_000 + ANSWER_MS);
  // What leaves later is another word, and not that ping.
  rig.heartbeat.left(at(9_000));
  expect(rig.deadFrom(9_000)).toBe(8_000 + ANSWER_MS);
});

test("a ping that never leaves the browser dies of the same silence", () => {
  const rig = new HeartbeatRig();
  rig.ws.bufferedAmount = 10;
  rig.run(0, 5_000);
  expect(rig.deadFrom(5_000)).toBe(5_000 + ANSWER_MS);
});

/** So many bytes are under way, unconfirmed, before the first ping. */
function behind(bytes: number): HeartbeatRig {
  const rig = new HeartbeatRig({ options: { drainTimeoutMs: 40_000 } });
  rig.outbox.push("x", new Uint8Array(bytes));
  rig.output.pump(at(0));
  rig.ws.take();
  rig.run(0, 5_000);
  return rig;
}

test("a ping behind more than 64 KiB waits for as long as output may stand still", () => {
  expect(behind(65_536).deadFrom(5_000)).toBe(5_000 + ANSWER_MS);
  const rig = behind(65_537);
  expect(rig.deadFrom(5_000)).toBe(5_000 + 40_000);
  rig.heartbeat.heard(at(6_000));
  rig.outbox.confirm(1, 0);
  const next = rig.run(6_000, 16_000).at(-1)?.at ?? 0;
  expect(rig.deadFrom(next)).toBe(next + ANSWER_MS);
});

test("a sleep is no silence: the server is asked within a second, and answers within five", () => {
  const rig = pinged();
  rig.late.tick(6_000, at(100_000), 100_000);
  rig.heartbeat.askSoon(at(100_000));
  expect(rig.heartbeat.isDead(at(100_000))).toBe(false);
  const [asked] = rig.run(100_000, 101_000);
  expect(asked?.at).toBe(100_500);
  expect(rig.deadFrom(100_500)).toBe(100_500 + ANSWER_MS);

  const measured = pinged();
  measured.heartbeat.heard(at(5_100));
  expect(measured.heartbeat.answered(1, at(5_100))).toBe(100);
  measured.late.tick(6_000, at(100_000), 100_000);
  measured.heartbeat.askSoon(at(100_000));
  measured.run(100_000, 100_500);
  expect(measured.deadFrom(100_500)).toBe(100_500 + 1_000);
});

test("a machine that may have slept is asked, too, and what was awaited is awaited still", () => {
  const rig = pinged();
  rig.heartbeat.askSoon(at(6_000));
  expect(rig.deadFrom(6_000)).toBe(5_000 + ANSWER_MS);
  rig.heartbeat.heard(at(6_500));
  rig.heartbeat.askSoon(at(7_000));
  expect(rig.run(7_000, 8_000).map(({ at: when }) => when)).toEqual([7_500]);
});

test("asking now waits for 1 to 5 s, and asks nothing while an answer is awaited", () => {
  const rig = pinged();
  rig.heartbeat.askNow(at(6_000));
  expect(rig.run(6_000, 6_000)).toEqual([]);
  rig.heartbeat.heard(at(6_010));
  rig.heartbeat.answered(1, at(6_010));
  rig.heartbeat.askNow(at(6_020));
  expect(rig.run(6_020, 6_020)).toHaveLength(1);
  expect(rig.deadFrom(6_020)).toBe(6_020 + 4_040);
});
