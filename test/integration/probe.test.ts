/** What a probe finds on paths of every kind, on a clock that is moved by hand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toleranceMs } from "../../src/ops/probe/idle-plan.ts";
import type { ProbeReport } from "../../src/ops/probe/report.ts";
import { type Middle, ProbeWorld } from "./probe-world.ts";

const TWENTY_MINUTES_MS = 1_200_000;

async function probed(middle: Middle, hoursMs = 2 * TWENTY_MINUTES_MS): Promise<ProbeReport> {
  const world = new ProbeWorld(middle);
  const report = world.probe({ maxMs: TWENTY_MINUTES_MS });
  world.clock.advance(hoursMs);
  const found = await report;
  expect(world.open.size).toBe(0);
  expect(world.clock.alarmCount).toBe(0);
  return found;
}

test.each([7_300, 20_000, 61_000, 297_500, 1_150_000])(
  "a path that silently forgets after %i ms is found within 5 percent or 2 s",
  async (forgetAfterMs) => {
    const { bracket, death, keepalive, advice, tookMs } = await probed({ forgetAfterMs });
    expect(bracket.survivedMs).toBeLessThan(forgetAfterMs);
    expect(bracket.diedMs).toBeGreaterThanOrEqual(forgetAfterMs);
    const widthMs = (bracket.diedMs ?? 0) - (bracket.survivedMs ?? 0);
    expect(widthMs).toBeLessThanOrEqual(toleranceMs(forgetAfterMs) + 50);
    expect(bracket.contradictions).toEqual([]);
    expect(death).toMatchObject({ how: "silent", afterMsMax: 15_000, otherCount: 0 });
    expect(keepalive).toMatchObject({ verdict: "keeps open", survivedCount: 3, diedCount: 0 });
    expect(advice?.intervalMs).toBeLessThan(forgetAfterMs);
    expect(advice?.intervalMs).toBeGreaterThan(forgetAfterMs * 0.4);
    // It ends when the answer is certain, long before the longest silence.
    expect(tookMs).toBeLessThan(forgetAfterMs * 1.25 + 30_000);
  },
);

test("whatever the timeout, the round trip and the death: within 5 percent or 2 s", async () => {
  const timeout = fc.integer({ min: 5_500, max: 1_100_000 });
  const death = fc.constantFrom("silent" as const, "reset" as const, "finished-idle" as const);
  await fc.assert(
    fc.asyncProperty(timeout, death, fc.integer({ min: 1, max: 400 }), async (ms, how, delayMs) => {
      const { bracket } = await probed({ forgetAfterMs: ms, death: how, delayMs });
      const { survivedMs = 0, diedMs = 0, contradictions } = bracket;
      expect(contradictions).toEqual([]);
      // The middle and this end measure a silence with half a round trip between them.
      expect(survivedMs).toBeLessThanOrEqual(ms + 2 * delayMs);
      expect(diedMs).toBeGreaterThanOrEqual(ms - 2 * delayMs);
      const mostMs = toleranceMs(ms) + 2 * delayMs;
      expect(Math.max(diedMs - ms, ms - survivedMs)).toBeLessThanOrEqual(mostMs);
    }),
    { numRuns: 40 },
  );
});

test("a token that travels as plain text is warned about", async () => {
  const world = new ProbeWorld({});
  const abort = new AbortController();
  const report = world.probe({ token: "secret", signal: abort.signal });
  world.clock.advance(100);
  abort.abort();
  const told = JSON.stringify([world.events, await report]);
  expect(told).toContain("travels to tcp://far:1 as plain text");
  expect(told).not.toContain("secret");
});

test.each([
  ["reset", "reset", false],
  ["reset-idle", "reset-idle", true],
  ["finished-idle", "finished-idle", true],
] as const)("a path that kills by %s is found, and told as that", async (death, how, isExact) => {
  const report = await probed({ forgetAfterMs: 61_000, death });
  expect(report.death).toMatchObject({ how, otherCount: 0 });
  expect(report.bracket.isExact).toBe(isExact);
  if (isExact) expect(report.bracket.diedMs).toBe(61_000);
  expect(report.keepalive.verdict).toBe("keeps open");
});

test("a middle that does not count packets without payload: keepalive is no help", async () => {
  for (const death of ["silent", "reset-idle"] as const) {
    const middle = { forgetAfterMs: 30_000, death, countsKeepalive: false };
    const { keepalive } = await probed(middle);
    expect(keepalive).toMatchObject({ verdict: "does not keep open", diedCount: 3 });
  }
});

test("a patient path: nothing died, and the report says what that leaves open", async () => {
  const { bracket, death, advice, notLearnt, tookMs } = await probed({});
  expect(bracket).toMatchObject({ diedMs: undefined, confidence: "certain" });
  expect(bracket.survivedMs).toBeCloseTo(TWENTY_MINUTES_MS, -1);
  expect(death).toBeUndefined();
  expect(advice?.intervalMs).toBe(1_140_000);
  expect(notLearnt.join()).toContain("whether kernel keepalive keeps the path open: nothing died");
  // All side by side: the sum of all idle times would be nine hours.
  expect(tookMs).toBeLessThan(TWENTY_MINUTES_MS + 10_000);
});

test("a server whose lease is short limits the search, and the report says so", async () => {
  const { triedMsMax, advice, notLearnt } = await probed({ leaseMsMax: 60_000 });
  expect(triedMsMax).toBe(60_000);
  expect(advice).toMatchObject({ intervalMs: 30_000 });
  expect(notLearnt.join()).toContain("--lease-max 20m");
});

test("even the shortest silence kills: no advice, and the flag that helps", async () => {
  const { bracket, advice, notLearnt } = await probed({ forgetAfterMs: 3_000 });
  expect(bracket).toMatchObject({ survivedMs: undefined, confidence: "certain" });
  expect(advice).toBeUndefined();
  expect(notLearnt.join()).toContain("--min");
});

test("one connection that dies by accident is listed, and changes nothing", async () => {
  // The control is 1 and the kept ones are 2 to 4, so 12 is idle for 12 s.
  const { bracket } = await probed({ forgetAfterMs: 40_000, unlucky: [12] });
  expect(bracket.survivedMs).toBeGreaterThan(37_900);
  expect(bracket.diedMs).toBeGreaterThanOrEqual(40_000);
  expect(bracket.confidence).toBe("likely");
  expect(bracket.contradictions).toMatchObject([{ plannedMs: 12_000, outcome: "silent" }]);
});

test("a server that crashes is no idle timeout: its samples are discarded", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: 60_000 });
  world.clock.advance(20_000);
  world.crash();
  world.clock.advance(60_000);
  const { bracket, notLearnt, discardedCount, samples } = await report;
  expect(bracket).toMatchObject({ diedMs: undefined, contradictions: [] });
  expect(bracket.survivedMs).toBeLessThan(20_000);
  expect(discardedCount).toBeGreaterThan(10);
  expect(samples.some(({ outcome }) => outcome === "reset-idle")).toBe(false);
  expect(notLearnt.join()).toContain("the server or the whole path was away at that time");
  expect(world.events).toContainEqual({ event: "outage", isOver: false });
});

test("a server that is frozen for a while: what was asked meanwhile is discarded", async () => {
  const world = new ProbeWorld({ forgetAfterMs: 61_000 });
  const report = world.probe({ maxMs: 120_000 });
  world.clock.advance(20_000);
  world.isDown = true;
  world.clock.advance(20_000);
  world.isDown = false;
  world.clock.advance(200_000);
  const { bracket, samples } = await report;
  expect(bracket).toMatchObject({ contradictions: [], confidence: "certain" });
  expect(bracket.survivedMs).toBeLessThan(61_000);
  expect(bracket.survivedMs).toBeGreaterThan(57_000);
  expect(bracket.diedMs).toBeLessThan(65_000);
  expect(samples.some(({ outcome }) => outcome === "discarded")).toBe(true);
  expect(world.events).toContainEqual({ event: "outage", isOver: true });
});

test("a machine that slept says nothing about the silences that it slept through", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: 30_000 });
  world.clock.advance(10_500);
  world.clock.wallAheadMs += 3_600_000;
  world.clock.advance(40_000);
  const { samples, bracket } = await report;
  const slept = samples.filter(({ outcome }) => outcome === "discarded");
  expect(slept.every(({ plannedMs }) => plannedMs > 10_000)).toBe(true);
  expect(slept.length).toBeGreaterThan(10);
  expect(bracket.survivedMs).toBeLessThan(10_500);
});

test("interrupted: the report holds what is known, and nothing is left open", async () => {
  const world = new ProbeWorld({ forgetAfterMs: 300_000 });
  const abort = new AbortController();
  const report = world.probe({ maxMs: TWENTY_MINUTES_MS, signal: abort.signal });
  world.clock.advance(100_000);
  abort.abort();
  const { isComplete, bracket, notLearnt } = await report;
  expect(isComplete).toBe(false);
  expect(bracket.survivedMs).toBeGreaterThan(94_000);
  expect(notLearnt.join()).toContain("interrupted");
  world.clock.advance(10); // The last words are on their way.
  expect([world.open.size, world.clock.alarmCount]).toEqual([0, 0]);
});

test("opening is paced, and connections are no more than asked for", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: TWENTY_MINUTES_MS, connectionsMax: 60 });
  world.clock.advance(500);
  expect(world.pipeCount).toBeLessThanOrEqual(27);
  world.clock.advance(3_000);
  expect(world.pipeCount).toBe(60);
  // A name may have several addresses, and each of them its own path: one is probed.
  expect(world.dialled).toEqual([undefined, ...Array.from({ length: 59 }, () => "192.0.2.1")]);
  world.clock.advance(2 * TWENTY_MINUTES_MS);
  const { notLearnt } = await report;
  expect(notLearnt.join()).toContain("too few connections");
});

test.each(["tcp://far:1", "line://far:1"])("%s that is not there is an error", async (url) => {
  const world = new ProbeWorld({});
  world.crash();
  const report = world.probe({}, url);
  world.clock.advance(1_000);
  await expect(report).rejects.toMatchObject({ code: "DIAL_FAILED" });
  expect(world.clock.alarmCount).toBe(0);
});

test("what cannot be probed is refused at once", async () => {
  const world = new ProbeWorld({});
  await expect(world.probe({}, "unix:/run/x")).rejects.toMatchObject({ code: "URL_INVALID" });
  const wrong = { minMs: 60_000, maxMs: 50_000 };
  await expect(world.probe(wrong)).rejects.toThrow("`minMs` (60000) must be below `maxMs`");
  await expect(world.probe({ send: "x" })).rejects.toThrow('`send` needs `expect: "none"`');
});

test("expecting nothing: what is closed at one age is an idle timeout", async () => {
  const world = new ProbeWorld({ forgetAfterMs: 61_000, death: "finished-idle" });
  const report = world.probe({ maxMs: TWENTY_MINUTES_MS, expect: "none" });
  world.clock.advance(200_000);
  const { bracket, death, keepalive, notLearnt } = await report;
  expect(bracket).toMatchObject({ diedMs: 61_000, isExact: true, confidence: "certain" });
  expect(death?.how).toBe("finished-idle");
  expect(keepalive.verdict).toBe("keeps open");
  expect(notLearnt.join()).toContain("only resets and closes can be seen");
});

test("expecting nothing: what is closed at one moment leaves a doubt", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: TWENTY_MINUTES_MS, expect: "none" });
  world.clock.advance(30_000);
  world.crash();
  world.isDown = false;
  world.clock.advance(200_000);
  const { bracket, notLearnt } = await report;
  expect(bracket.confidence).toBe("unsure");
  expect(notLearnt.join()).toContain("whether silence was the reason");
});

test("a server that said goodbye is no death", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: 30_000 });
  world.clock.advance(12_500);
  world.sayGoodbye();
  world.clock.advance(60_000);
  const { bracket, notLearnt } = await report;
  expect(bracket).toMatchObject({ diedMs: undefined, contradictions: [] });
  expect(notLearnt.join()).toContain("the server said goodbye");
});

test("a server that breaks the protocol ends its connections, and not the probe", async () => {
  const world = new ProbeWorld({});
  const report = world.probe({ maxMs: 30_000 });
  world.clock.advance(12_500);
  world.babble();
  world.clock.advance(60_000);
  const { bracket, notLearnt } = await report;
  expect(bracket).toMatchObject({ diedMs: undefined, contradictions: [] });
  expect(notLearnt.join()).toContain("broke the protocol");
  expect(world.events).toContainEqual({ event: "outage", isOver: false });
});
