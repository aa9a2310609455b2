/**
 * What a crowd leaves behind when it goes: nothing that adds up.
 *
 * The first round fills what is kept on purpose (the end records, the reports on previous
 * connections) and warms the compiler up; from the second to the last one everything stays equal.
 * Each side is a process of its own, with a collector that can be called.
 */
import { expect } from "vitest";
import { isLinux, skipUnless } from "../support/requires.ts";
import { BUILT_DOOR, FarProcess } from "./hostile/far-process.ts";

const ROUNDS = 10;
const MIB = 1024 ** 2;
const HEAP_BYTES_MAX = 2 * MIB;

interface Growth {
  readonly connections: number;
  readonly descriptors: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

const GC = ["--expose-gc"];

const onLinux = skipUnless(isLinux(), "the descriptors of a process are counted in /proc/self/fd");

onLinux(
  "10,000 connections come and go ten times, and the server is as small as before",
  async () => {
    const count = 10_000;
    const server = new FarProcess("growing-server.mjs", [BUILT_DOOR], GC);
    const port = await server.ask<number>("port");
    const clients = new FarProcess("many-clients.mjs", [String(port)]);
    const rounds: Growth[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await clients.ask("open", { count });
      await expect.poll(() => server.ask("open"), { timeout: 10_000 }).toBe(count);
      await clients.ask("leave", { count: count / 2 });
      await expect.poll(() => server.ask("open"), { timeout: 20_000 }).toBe(count / 2);
      await server.ask("endAll");
      await clients.ask("gone");
      await expect.poll(() => server.ask("open"), { timeout: 20_000 }).toBe(0);
      rounds.push(await server.ask<Growth>("measure"));
      print(`server, round ${round}`, rounds);
    }
    const counts = await server.ask<{ accepted: number; rejected: object; ended: object }>(
      "counts",
    );
    console.log("in all:", counts);
    expect(counts.accepted).toBe(count * ROUNDS);
    expect(counts.rejected).toEqual({});
    expectNoGrowth(rounds);
  },
  300_000,
);

onLinux(
  "1,000 links come and go ten times, and their process is as small as before",
  async () => {
    const count = 1_000;
    const server = new FarProcess("growing-server.mjs", [BUILT_DOOR], GC);
    const port = await server.ask<number>("port");
    const links = new FarProcess("many-links.mjs", [BUILT_DOOR, String(port)], GC);
    const rounds: Growth[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      expect(await links.ask("round", { count })).toEqual({ CLOSED_HERE: count });
      await expect.poll(() => server.ask("open"), { timeout: 20_000 }).toBe(0);
      rounds.push(await links.ask<Growth>("measure"));
      print(`links, round ${round}`, rounds);
    }
    expectNoGrowth(rounds);
  },
  180_000,
);

function print(title: string, rounds: readonly Growth[]): void {
  const { connections, descriptors, resources, heapBytes, rssBytes } = rounds.at(-1) as Growth;
  const since = heapBytes - (rounds[1]?.heapBytes ?? heapBytes);
  console.log(
    `${title}: held ${connections}, descriptors ${descriptors}, ` +
      `resources ${JSON.stringify(resources)}, heap ${(heapBytes / MIB).toFixed(2)} MiB ` +
      `(${(since / MIB).toFixed(2)} since round 2), rss ${Math.round(rssBytes / MIB)} MiB`,
  );
}

function expectNoGrowth([, second, ...later]: readonly Growth[]): void {
  if (second === undefined) throw new Error("there was no second round");
  expect(second.connections).toBe(0);
  expect(second.resources["Timeout"]).toBeUndefined();
  for (const { connections, descriptors, resources, heapBytes } of later) {
    expect({ connections, descriptors, resources }).toEqual({
      connections: second.connections,
      descriptors: second.descriptors,
      resources: second.resources,
    });
    expect(heapBytes - second.heapBytes).toBeLessThan(HEAP_BYTES_MAX);
  }
}
