import { expect, test } from "vitest";
import { LinkRig } from "../../test/support/link-rig.ts";
import { connectionConfigFor } from "./config.ts";
import { resolveConnect } from "./socket-terms.ts";
import type { ConnectOptions } from "./options.ts";
import { parseTarget } from "./target.ts";

function refusalOf(options: unknown): string {
  try {
    resolveConnect(options as ConnectOptions);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

test("the defaults are those that are documented", () => {
  const config = resolveConnect(undefined);
  expect(config.connection.liveness).toMatchObject({
    intervalMs: 30_000,
    answerWithinMs: false,
    answersExpected: true,
    timeoutMs: 60_000,
    drainTimeoutMs: 60_000,
    pauseMsMax: 60_000,
  });
  expect(config.connection).toMatchObject({
    lineBytesMax: 1_048_576,
    messageBytesMax: 1_048_576,
    outboxBytesMax: 16_777_216,
    outboxHighWaterBytes: 1_048_576,
    closeTimeoutMs: 5_000,
    handshakeTimeoutMs: 10_000,
  });
  expect(config.dial.kernel).toEqual({
    keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
    keepaliveAsked: false,
    userTimeoutMs: 70_000,
    userTimeoutAsked: false,
  });
});

test("unknown keys are refused in each group, and impossible relations are named", () => {
  const cases: [unknown, RegExp][] = [
    [{ reconnect: true }, /`reconnect` is not an option/],
    [{ heartbeat: { interval: 1 } }, /`interval` is not an option/],
    [{ line: { word: "x" } }, /`word` is not an option/],
    [{ redial: { retries: 1 } }, /`retries` is not an option/],
    [{ keepalive: { probes: 1 } }, /`probes` is not an option/],
    [{ heartbeat: 30 }, /./],
    [{ line: "ping" }, /./],
    [{ line: { ping: "a\nb" } }, /`ping` must be/],
    [{ line: { pong: "" } }, /`pong` must be/],
    [{ line: { ping: "x", pong: "x" } }, /must differ/],
    [{ userTimeoutMs: 60_000 }, /`userTimeoutMs` 60000 must exceed `drainTimeoutMs` 60000/],
    [{ outboxBytesMax: 10 }, /`outboxBytesMax` must be a whole number from 1048576/],
    [{ redirectTo: "a" }, /`redirectTo` must be an array/],
    [{ signal: {} }, /`signal` must be an AbortSignal/],
    [{ observe: 1 }, /`observe` must be a function/],
    [{ agent: "x".repeat(201) }, /`agent`/],
    [{ deadWithinMs: 10_000, heartbeat: { intervalMs: 1_000 } }, /`deadWithinMs` derives/],
  ];
  for (const [options, expected] of cases) expect(refusalOf(options)).toMatch(expected);
});

test("a wrong token is not shown", () => {
  for (const token of ["HUNTER2".repeat(2_000), ["HUNTER2"], ""]) {
    const refusal = refusalOf({ token });
    expect(refusal).toMatch(/`token` must be a string/);
    expect(refusal).not.toContain("HUNTER2");
  }
});

test("a line server is pinged at least twice in its timeout, a frame server as was asked", () => {
  const config = resolveConnect({ heartbeat: { intervalMs: 50_000 }, timeoutMs: 60_000 });
  const intervalFor = (url: string): number | false =>
    connectionConfigFor(config, parseTarget(url)).liveness.intervalMs;
  expect(intervalFor("line://a:1")).toBe(30_000);
  expect(intervalFor("tcp://a:1")).toBe(50_000);
});

test("an interval that is cut is warned about once, naming both numbers", async () => {
  const rig = new LinkRig();
  rig.connect(["line://a.example:1", "line://a.example:2"], {
    heartbeat: { intervalMs: 50_000 },
    timeoutMs: 60_000,
  });
  await rig.advance(60_000);
  expect(rig.observed).toHaveLength(1);
  expect(JSON.stringify(rig.observed)).toMatch(/50000.*60000.*30000/);
});

test("pong none is refused where frames are spoken", () => {
  const rig = new LinkRig();
  const options = { heartbeat: { pong: "none" } } as const;
  expect(() => rig.connect("tcp://a:1", options)).toThrow(/`pong: "none"` is for line urls/);
  expect(() => rig.connect("line://a:1", options)).not.toThrow();
});

test("an empty list of urls is refused", () => {
  const rig = new LinkRig();
  expect(() => rig.connect([])).toThrow(/at least one/);
});

test("one bound derives heartbeat and keepalive, all within it", () => {
  for (const deadWithinMs of [1_000, 3_000, 15_000, 90_000, 600_000]) {
    const config = resolveConnect({ deadWithinMs });
    const { intervalMs, answerWithinMs } = config.connection.liveness;
    expect(Number(intervalMs) + Number(answerWithinMs)).toBeLessThanOrEqual(deadWithinMs);
    const { keepalive } = config.dial.kernel;
    if (keepalive === false) throw new Error("keepalive is on");
    const kernelMs = keepalive.idleMs + keepalive.intervalMs * keepalive.count;
    expect(kernelMs).toBeLessThanOrEqual(Math.max(2_000, deadWithinMs));
  }
});
