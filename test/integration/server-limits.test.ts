/** What a server does against crowds, strangers and hoarders, and when it goes away itself. */
import { expect, test } from "vitest";
import { ServerWorld } from "./server-world.ts";

test("above maxConnections frame peers hear when to come back, others are closed", async () => {
  const world = new ServerWorld();
  const server = await world.start({ maxConnections: 1 });
  const guest = world.plain("ping\n");
  const frame = world.frame();
  expect(frame.goaways).toMatchObject([{ retry: "after", afterMs: 5_000, spreadMs: 5_000 }]);
  const line = world.plain("ping\n");
  const silent = world.plain();
  world.pass(1_100);
  expect(line).toMatchObject({ closed: true, text: "" });
  expect(silent.closed).toBe(true);
  expect(frame.end?.wasOpen).toBe(false);
  expect(guest.closed).toBe(false);
  expect(server.stats()).toMatchObject({
    open: 1,
    accepted: 1,
    refusing: 0,
    rejected: { CONNECTIONS_MAX: 3 },
    ended: {},
  });
  expect(world.observed.filter(({ what }) => what === "rejected")).toHaveLength(3);
  expect(world.told).toEqual([
    "accepted",
    "connection",
    ...new Array<string>(3).fill("rejected CONNECTIONS_MAX"),
  ]);
});

test("only so many are told why; the rest of a crowd is reset at once", async () => {
  const world = new ServerWorld();
  const server = await world.start({ maxConnections: 1 });
  world.plain("ping\n");
  const crowd = Array.from({ length: 300 }, () => world.plain());
  expect(server.stats().refusing).toBe(64);
  expect(crowd.filter(({ closed }) => closed)).toHaveLength(300 - 64);
  expect(server.stats().rejected).toEqual({ CONNECTIONS_MAX: 300 });
  world.pass(1_100);
  expect(server.stats().refusing).toBe(0);
  expect(crowd.every(({ closed }) => closed)).toBe(true);
});

test("the silent hold at most half of the places, and the longest silent goes", async () => {
  const world = new ServerWorld();
  const server = await world.start({ maxConnections: 8 });
  const talkers = [0, 1].map(() => world.plain("ping\n"));
  const crowd = Array.from({ length: 50 }, () => world.plain());
  expect(server.stats()).toMatchObject({ open: 6, silent: 4, ended: { SILENT_MAX: 46 } });
  expect(crowd.map(({ closed }) => closed)).toEqual([
    ...new Array<boolean>(46).fill(true),
    ...new Array<boolean>(4).fill(false),
  ]);
  expect(talkers.some(({ closed }) => closed)).toBe(false);
  // Whoever speaks up keeps its place, and another one may be silent.
  crowd[46]?.write("ping\n");
  world.settle();
  world.plain();
  expect(server.stats()).toMatchObject({ open: 7, silent: 4, ended: { SILENT_MAX: 46 } });
});

test("half a handshake is not silence, and handshakes have a limit of their own", async () => {
  const world = new ServerWorld();
  const server = await world.start({ maxConnections: 8, handshakesMax: 2 });
  for (let one = 0; one < 2; one++) world.plain().writeBytes(0xf8, 0x48);
  world.settle();
  const third = world.frame();
  expect(third.welcome).toBeUndefined();
  expect(third.goaways).toMatchObject([{ retry: "after" }]);
  expect(server.stats().rejected).toEqual({ HANDSHAKES_MAX: 1 });
  // Who speaks lines needs no handshake, so nobody can keep it out by half of one.
  expect(world.plain("ping\n").text).toBe("pong\n");
  world.pass(10_100);
  expect(server.stats()).toMatchObject({
    open: 1,
    greeting: 0,
    ended: { HANDSHAKE_TIMEOUT: 2, HANDSHAKES_MAX: 1 },
  });
});

test("the largest holders end when all buffers together exceed the budget", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start({
    messageBytesMax: 50_000,
    outboxBytesMax: 50_000,
    bufferBytesTotalMax: 160_000,
  });
  const clients = [0, 1, 2].map(() => world.plain("hello\n"));
  for (const client of clients) client.pause();
  const ids = server.connections().map(({ id }) => id);
  const [small, large, last] = ids.map((id) => server.connection(id));
  small?.send("s".repeat(20_000));
  large?.send("l".repeat(45_000));
  // A message that waits counts twice: as what may be handed back, and as bytes to be written.
  expect(server.stats().bufferedBytes).toBeGreaterThan(120_000);
  last?.send("x".repeat(25_000));
  world.settle();
  expect(world.ends).toMatchObject([{ id: ids[1], code: "OVERLOADED", undeliveredCount: 1 }]);
  expect(clients.map(({ closed }) => closed)).toEqual([false, true, false]);
  const { bufferedBytes, bufferedBytesPeak } = server.stats();
  expect(bufferedBytes).toBeLessThan(100_000);
  expect(bufferedBytesPeak).toBeGreaterThan(160_000);
  for (const client of clients) client.resume();
  world.settle();
  expect(server.stats().bufferedBytes).toBe(0);
});

test("whoever goes over the budget by itself ends by itself, in the very call", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start({
    messageBytesMax: 50_000,
    outboxBytesMax: 100_000,
    bufferBytesTotalMax: 100_000,
  });
  const client = world.plain("hello\n");
  client.pause();
  const connection = server.connection(server.connections()[0]?.id ?? "");
  connection?.send("x".repeat(40_000));
  connection?.send("x".repeat(40_000));
  expect(world.ends).toMatchObject([{ code: "OVERLOADED", undeliveredCount: 2 }]);
  expect(() => connection?.send("x")).toThrow("open");
  expect(server.stats().bufferedBytes).toBe(0);
  await world.until(server.close());
  world.expectNothingLeft();
});

test("credentials are asked for, only once each, and a refusal is for ever", async () => {
  const world = new ServerWorld();
  const asked: unknown[] = [];
  const server = await world.start({
    authenticate: (hello, remote) => {
      asked.push([hello.token, remote]);
      return Promise.resolve(hello.token === "sesame");
    },
  });
  const friend = world.frame({ token: "sesame" });
  expect(friend.welcome).toBeUndefined();
  await world.breathe();
  expect(friend.welcome).toBeDefined();
  const stranger = world.frame({ token: "guess" });
  await world.breathe();
  expect(stranger.goaways).toMatchObject([{ retry: "never" }]);
  expect(asked).toEqual([
    ["sesame", "memory"],
    ["guess", "memory"],
  ]);
  world.pass(1_100);
  expect(server.stats()).toMatchObject({
    rejected: { UNAUTHORIZED: 1 },
    ended: { UNAUTHORIZED: 1 },
    open: 1,
  });
  expect(JSON.stringify([server.records(), server.connections(), world.observed])).not.toMatch(
    /sesame|guess/,
  );
});

test("an answer that never comes does not outlive the handshake", async () => {
  const world = new ServerWorld();
  const server = await world.start({ authenticate: () => new Promise(() => {}) });
  const client = world.frame();
  await world.breathe();
  world.pass(10_100);
  expect(client.welcome).toBeUndefined();
  expect(world.ends.map(({ code }) => code)).toEqual(["HANDSHAKE_TIMEOUT"]);
  await world.until(server.close());
  world.expectNothingLeft();
});

test("a lease out of bounds is clamped and counted", async () => {
  const world = new ServerWorld();
  const server = await world.start({ leaseMsMax: 10_000, timeoutMs: 10_000 });
  const client = world.frame(); // It announces 30 s.
  expect(client.welcome?.leaseMsMax).toBe(10_000);
  expect(server.connections()[0]?.leaseMs).toBeLessThanOrEqual(10_000);
  expect(server.stats().clampedLeases).toBe(1);
});
