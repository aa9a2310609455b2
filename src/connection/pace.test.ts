import { expect, test } from "vitest";
import {
  CLIENT_CONFIG,
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
  withLiveness,
} from "../testing/connection-pair.ts";
import type { Pace } from "./pace.ts";

/** Wants these intervals, one after the other, and writes down what it is told. */
class ScriptedPace implements Pace {
  readonly intervalMsMin = 1_000;
  readonly intervalMsMax = 90_000;
  readonly told: string[] = [];
  intervalMs: number;
  readonly #script: number[];

  constructor(...script: readonly number[]) {
    this.#script = [...script];
    this.intervalMs = script[0] ?? 1_000;
  }

  begin(welcome: unknown): number {
    this.told.push(welcome === undefined ? "begin line" : "begin frame");
    return this.intervalMs;
  }

  pinged(seq: number, idleMs: number): number {
    this.told.push(`pinged ${seq} after ${Math.round(idleMs)}`);
    this.intervalMs = this.#script.shift() ?? this.intervalMs;
    return this.intervalMs;
  }

  answered(_rttMs: number, wasLate: boolean): void {
    this.told.push(wasLate ? "answered late" : "answered");
  }

  slowDown(intervalMs: number): void {
    this.told.push(`slow ${intervalMs}`);
    this.intervalMs = Math.max(this.intervalMs, intervalMs);
  }
}

const PATIENT = withLiveness(SERVER_CONFIG, { leaseMsMax: 600_000 });

test("a ping announces the interval that begins with it, and the server follows", () => {
  const pace = new ScriptedPace(4_000, 40_000, 90_000, 2_000, 2_000);
  const pair = new ConnectionPair({ server: PATIENT, pace });
  const leases: (number | undefined)[] = [];
  const gapsMs: number[] = [];
  let last: number = pair.now;
  for (let seq = 1; seq <= 5; seq++) {
    while (pair.client.connection.heartbeat.pingsOut < seq) pair.run(50);
    gapsMs.push(pair.now - last);
    last = pair.now;
    leases.push(pair.server.connection.leaseMs);
  }
  expect(leases).toEqual([4_000, 40_000, 90_000, 2_000, 2_000]);
  // The first is anywhere in the promised interval; jitter shortens the others by 5 % at most.
  expect(gapsMs[0]).toBeLessThanOrEqual(4_000);
  for (const [index, announcedMs] of [4_000, 40_000, 90_000, 2_000].entries()) {
    expect(gapsMs[index + 1]).toBeLessThanOrEqual(announcedMs + 50);
    expect(gapsMs[index + 1]).toBeGreaterThanOrEqual(announcedMs * 0.95 - 50);
  }
  expect(pair.server.end).toBeUndefined();
  expect(pace.told[0]).toBe("begin frame");
  expect(pace.told.filter((one) => one === "answered")).toHaveLength(5);
});

test("HELLO tells the range, and promises what holds", () => {
  const pair = new ConnectionPair({ server: PATIENT, pace: new ScriptedPace(7_000) });
  expect(pair.server.connection.hello).toMatchObject({
    intervalMsMin: 1_000,
    intervalMsMax: 90_000,
    nextMs: 7_000,
  });
});

test("the idle time is counted from the last byte in either direction", () => {
  const pace = new ScriptedPace(10_000, 10_000, 10_000);
  const pair = new ConnectionPair({ server: PATIENT, pace });
  while (pair.client.connection.heartbeat.pingsOut < 1) pair.run(10);
  pair.run(6_000);
  pair.server.connection.send("news", pair.now);
  pair.run(11_000);
  // The news and its ACK kept the path warm: the ping waited for ten quiet seconds after them.
  const pinged = pace.told.find((one) => one.startsWith("pinged 2"));
  const idleMs = Number(pinged?.split(" ").at(-1));
  expect(idleMs).toBeGreaterThan(9_000);
  expect(idleMs).toBeLessThanOrEqual(10_000);
});

test("an answer for which we were late says so", () => {
  const pace = new ScriptedPace(5_000);
  const pair = new ConnectionPair({ server: PATIENT, pace });
  pair.server.out.delayMs = 1_000;
  while (pair.client.connection.heartbeat.pingsOut < 1) pair.run(10);
  pair.stalls.recordTick(pair.now, (pair.now + 500) as typeof pair.now, 500);
  pair.run(2_000);
  expect(pace.told.at(-1)).toBe("answered late");
});

test("SLOW reaches the pace, within ten times the client's own interval", () => {
  const pace = new ScriptedPace(500, 500);
  const client = withLiveness(CLIENT_CONFIG, { intervalMs: 500 });
  const pair = new ConnectionPair({ client, server: PATIENT, pace });
  pair.client.connection.heartbeat.slowDown(60_000, pair.now);
  expect(pace.told).toContain("slow 5000");
  expect(pair.client.connection.intervalMs).toBe(5_000);
});

test("a line client beats by its pace, too", () => {
  const pace = new ScriptedPace(3_000, 9_000);
  const pair = new ConnectionPair({ client: LINE_CLIENT_CONFIG, pace });
  pair.run(30_000);
  expect(pace.told[0]).toBe("begin line");
  // One within 3 s, then one each 3 s (the first of the script), then each 9 s.
  const pings = pair.client.connection.heartbeat.pingsOut;
  expect(pings).toBeGreaterThanOrEqual(4);
  expect(pings).toBeLessThanOrEqual(6);
  expect(pair.server.end).toBeUndefined();
});
