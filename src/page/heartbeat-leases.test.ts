/** What a page promises by its beats, and what it learns of answers, by a clock moved by hand. */
import { expect, test } from "vitest";
import { at, HeartbeatRig, type Said } from "../../test/support/heartbeat-rig.ts";

/** Settles until `until`, and has each ping answered at once. */
function answered(rig: HeartbeatRig, from: number, until: number): (Said & { at: number })[] {
  const all: (Said & { at: number })[] = [];
  for (let now = from; now <= until; now = Math.ceil(rig.heartbeat.deadline)) {
    rig.heartbeat.settle(at(now));
    const said = rig.taken();
    if (rig.output.look(at(now))) rig.heartbeat.left(at(now));
    for (const one of said) {
      all.push({ ...one, at: now });
      rig.heartbeat.heard(at(now));
      rig.heartbeat.answered(one.seq, at(now));
    }
  }
  return all;
}

test("a hidden page promises more at once and keeps half; seen again it promises as before", () => {
  const rig = new HeartbeatRig();
  answered(rig, 0, 6_000);
  rig.heartbeat.restrain(120_000, at(7_000));
  expect(rig.taken()).toEqual([{ what: "ping", seq: 2, nextMs: 120_000 }]);
  rig.heartbeat.heard(at(7_000));
  rig.output.look(at(7_000));
  rig.heartbeat.left(at(7_000));
  rig.heartbeat.heard(at(7_000));
  const hidden = answered(rig, 7_000, 600_000);
  expect(hidden.every(({ nextMs }) => nextMs === 120_000)).toBe(true);
  expect(hidden.length).toBeGreaterThanOrEqual(9);
  expect(hidden.length).toBeLessThanOrEqual(11);
  rig.heartbeat.restrain(0, at(600_001));
  expect(rig.taken()).toMatchObject([{ what: "ping", nextMs: 10_000 }]);
  rig.heartbeat.restrain(0, at(600_002));
  expect(rig.taken()).toEqual([]);
});

test("the server's limit bounds a hidden page; what gains nothing is not said", () => {
  const rig = new HeartbeatRig({ welcome: { leaseMsMax: 30_000 } });
  rig.heartbeat.restrain(120_000, at(1_000));
  expect(rig.taken()).toMatchObject([{ nextMs: 30_000 }]);
  const strict = new HeartbeatRig({ welcome: { leaseMsMax: 10_000 } });
  strict.heartbeat.restrain(120_000, at(1_000));
  expect(strict.taken()).toEqual([]);
});

test("who is hidden twice, with other leases, still knows what was before", () => {
  const rig = new HeartbeatRig();
  rig.heartbeat.restrain(120_000, at(1_000));
  rig.heartbeat.restrain(60_000, at(2_000));
  rig.ws.take();
  rig.output.look(at(2_000));
  rig.heartbeat.left(at(2_000));
  rig.heartbeat.restrain(0, at(3_000));
  expect(rig.taken()).toMatchObject([{ nextMs: 10_000 }]);
});

test("a ping that comes is answered with what was last announced", () => {
  const rig = new HeartbeatRig();
  rig.heartbeat.answer(77);
  expect(rig.taken()).toEqual([{ what: "pong", seq: 77, nextMs: 10_000 }]);
  rig.heartbeat.restrain(120_000, at(1_000));
  rig.taken();
  rig.heartbeat.answer(78);
  expect(rig.taken()).toEqual([{ what: "pong", seq: 78, nextMs: 120_000 }]);
});

test("SLOW holds once a ping has announced it, which goes out when it was due anyway", () => {
  const rig = new HeartbeatRig();
  answered(rig, 0, 6_000);
  rig.heartbeat.slowDown(40_000, at(6_000));
  expect(rig.taken()).toEqual([]);
  const said = answered(rig, 6_001, 100_000);
  expect(said[0]?.at).toBeLessThanOrEqual(15_000);
  expect(said[0]?.nextMs).toBe(40_000);
  const gapMs = (said[1]?.at ?? 0) - (said[0]?.at ?? 0);
  expect(gapMs).toBeGreaterThanOrEqual(38_000);
  expect(gapMs).toBeLessThanOrEqual(40_001);
});

test("SLOW goes no further than the server's limit, nor than ten intervals, nor down", () => {
  for (const [leaseMsMax, askedMs, nextMs] of [
    [20_000, 40_000, 20_000],
    [86_400_000, 5_000_000, 100_000],
    [86_400_000, 5_000, 10_000],
  ] as const) {
    const rig = new HeartbeatRig({ welcome: { leaseMsMax } });
    rig.heartbeat.slowDown(askedMs, at(1_000));
    expect(answered(rig, 1_000, 11_000).at(-1)?.nextMs, `${askedMs}`).toBe(nextMs);
  }
});

test("a hidden page remembers SLOW for when it is seen", () => {
  const rig = new HeartbeatRig();
  rig.heartbeat.restrain(120_000, at(1_000));
  answered(rig, 1_000, 1_000);
  rig.heartbeat.slowDown(30_000, at(2_000));
  rig.ws.take();
  rig.heartbeat.restrain(0, at(3_000));
  expect(rig.taken()).toMatchObject([{ nextMs: 30_000 }]);
});

test("the interval is clamped into what the server allows before the first ping", () => {
  const shorter = new HeartbeatRig({ welcome: { leaseMsMax: 4_000 } });
  expect(answered(shorter, 0, 4_000)[0]).toMatchObject({ at: 2_000, nextMs: 4_000 });
  const longer = new HeartbeatRig({ welcome: { leaseMsMin: 25_000 } });
  // HELLO had promised the shorter one.
  expect(answered(longer, 0, 10_000)[0]).toMatchObject({ at: 5_000, nextMs: 25_000 });
});

test("lines are pinged each interval whatever the traffic, twice in the server's patience", () => {
  const rig = new HeartbeatRig({ isLine: true, options: { timeoutMs: 8_000 } });
  const pings: number[] = [];
  for (let now = 0; now < 40_000; now += 100) {
    rig.heartbeat.settle(at(now));
    if (rig.taken().length > 0) pings.push(now);
    if (rig.output.look(at(now))) rig.heartbeat.left(at(now));
    rig.heartbeat.heard(at(now));
  }
  expect(pings.length).toBeGreaterThanOrEqual(9);
  expect(pings.length).toBeLessThanOrEqual(12);
});

test("a quick beat slows to one a second while an answer is missing, but not for lines", () => {
  for (const [isLine, most, least] of [
    [false, 7, 4],
    [true, 55, 45],
  ] as const) {
    const options = { heartbeat: { intervalMs: 100, answerWithinMs: 60_000 } };
    const pings = new HeartbeatRig({ isLine, options }).run(0, 5_000).length;
    expect(pings).toBeLessThanOrEqual(most);
    expect(pings).toBeGreaterThanOrEqual(least);
  }
});

test("who expects no answer never dies of one that is missing", () => {
  const options = { heartbeat: { intervalMs: 1_000, pong: "none" as const } };
  const rig = new HeartbeatRig({ isLine: true, options });
  expect(rig.run(0, 30_000).length).toBeGreaterThan(25);
  expect(rig.heartbeat.verdict).toBe("alive");
  expect(rig.deadFrom(30_000, 200_000)).toBeUndefined();
  rig.heartbeat.askNow(at(30_001));
  rig.heartbeat.askSoon(at(30_001));
  expect(rig.deadFrom(30_001, 200_000)).toBeUndefined();
});

test("a round trip is told for the awaited ping only, and once; lines have no numbers", () => {
  const rig = new HeartbeatRig();
  rig.run(0, 5_000);
  expect(rig.heartbeat.answered(7, at(5_040))).toBeUndefined();
  expect(rig.heartbeat.answered(1, at(5_050))).toBe(50);
  expect(rig.heartbeat.answered(1, at(5_060))).toBeUndefined();
  expect(rig.heartbeat.rtt.latestMs).toBe(50);
  const lines = new HeartbeatRig({ isLine: true });
  expect(lines.heartbeat.answered(0, at(10))).toBeUndefined();
  lines.run(0, 5_000);
  expect(lines.heartbeat.answered(0, at(5_030))).toBe(30);
});

test("a round trip in which we were late is told and not learnt from", () => {
  const late = new HeartbeatRig();
  late.run(0, 5_000);
  late.late.tick(5_010, at(7_000), 7_000);
  expect(late.heartbeat.answered(1, at(7_001))).toBe(2_001);
  expect(late.heartbeat.rtt.srttMs).toBeUndefined();
});

test("HELLO promises the interval, or the range of one that adapts", () => {
  expect(new HeartbeatRig().heartbeat.range).toEqual({
    intervalMsMin: 10_000,
    intervalMsMax: 10_000,
    nextMs: 10_000,
  });
  const pace = {
    intervalMsMin: 5_000,
    intervalMsMax: 300_000,
    intervalMs: 7_000,
    begin: () => 7_000,
    pinged: () => 8_000,
    answered: () => {},
    slowDown: () => {},
  };
  const rig = new HeartbeatRig({ pace });
  expect(rig.heartbeat.range).toEqual({
    intervalMsMin: 5_000,
    intervalMsMax: 300_000,
    nextMs: 7_000,
  });
  expect(rig.run(0, 7_000)[0]).toMatchObject({ at: 3_500, nextMs: 8_000 });
});
