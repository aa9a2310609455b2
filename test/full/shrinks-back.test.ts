/**
 * What a crowd leaves behind when it goes: nothing that adds up.
 *
 * The first round fills what is kept on purpose (the end records, the reports on previous
 * connections) and warms the compiler up; from the second to the last one everything stays equal.
 * Each side is a process of its own, with a collector that can be called.
 */
import { expect } from "vitest";
import { isLinux, skipUnless } from "../support/requires.ts";
import {
  type ListenSettings,
  linkTargets,
  listenOn,
  OTHER_ROUTES,
  ROUTES,
  type Route,
  type RouteName,
  routeNamed,
} from "../support/routes.ts";
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

/** Each handshake of TLS costs a processor about a millisecond on both sides together. */
const CLIENTS: Readonly<Record<RouteName, number>> = {
  tcp: 10_000,
  lean: 2_000,
  unix: 2_000,
  tls: 1_000,
  websocket: 2_000,
  wss: 500,
};

onLinux(
  "10,000 connections come and go ten times, and the server is as small as before",
  () => comeAndGo(routeNamed("tcp")),
  300_000,
);

onLinux(
  "the same over the other routes, with fewer, side by side",
  async () => {
    await Promise.all(
      [...OTHER_ROUTES, "lean" as const].map((name) => comeAndGo(routeNamed(name))),
    );
  },
  300_000,
);

/** Each server for itself, in a process of its own. */
async function comeAndGo(route: Route): Promise<void> {
  const count = CLIENTS[route.name];
  // Small enough that the first round fills what is remembered of the ended.
  const { server, urls } = await growingServer([route], { recordsMax: count });
  const way = route.wayTo(urls[0] ?? "");
  const clients = new FarProcess("many-clients.mjs", [JSON.stringify(way)]);
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
    print(`${route.name}: ${count}, server, round ${round}`, rounds);
  }
  const counts = await server.ask<{ accepted: number; rejected: object; ended: object }>("counts");
  console.log(`${route.name}, in all:`, counts);
  expect(counts.accepted).toBe(count * ROUNDS);
  expect(counts.rejected).toEqual({});
  expectNoGrowth(rounds);
}

onLinux(
  "1,000 links over all routes come and go ten times, and their process is as small as before",
  async () => {
    const count = 1_000;
    const { server, urls } = await growingServer(ROUTES, { recordsMax: 1_000 });
    const args = [BUILT_DOOR, JSON.stringify(linkTargets(urls))];
    const links = new FarProcess("many-links.mjs", args, GC);
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

async function growingServer(
  routes: readonly Route[],
  settings: ListenSettings,
): Promise<{ readonly server: FarProcess; readonly urls: readonly string[] }> {
  const args = [BUILT_DOOR, JSON.stringify({ ...listenOn(routes), ...settings })];
  const server = new FarProcess("growing-server.mjs", args, GC);
  return { server, urls: await server.ask<string[]>("urls") };
}

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
