/** What a server does for connections that are well: greets, passes on, counts, remembers. */
import { expect, test } from "vitest";
import { listenMemory } from "../../src/transports/memory/memory-network.ts";
import type { Listen } from "../../src/transports/transport.ts";
import { ServerWorld } from "./server-world.ts";

test("a plain ping is answered, other lines are messages, and silence has an end", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 1_000 });
  server.on("message", (connection, data) => connection.send(`heard ${String(data)}`));
  const client = world.plain("ping\nhello\n");
  expect(client.text).toBe("pong\nheard hello\n");
  expect(server.connections()).toMatchObject([
    { dialect: "line", phase: "open", verdict: "alive", heardMsAgo: 0, bytesIn: 11, messagesIn: 1 },
  ]);
  world.pass(990);
  expect(client.closed).toBe(false);
  world.pass(60);
  expect(client.closed).toBe(true);
  expect(world.told).toEqual(["accepted", "connection", "end PEER_SILENT"]);
  expect(server.stats()).toMatchObject({ accepted: 1, open: 0, ended: { PEER_SILENT: 1 } });
  await world.until(server.close());
  world.expectNothingLeft();
});

test("a beat is told as what it was, and as nothing else", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const beats: unknown[] = [];
  world.plain("ping\n"); // Nobody listens yet.
  server.on("beat", (_, beat) => void beats.push(beat));
  world.plain("ping\nping\n");
  const theirs = { of: "theirs", rttMs: undefined, nextMs: 0 };
  expect(beats).toStrictEqual([
    { ...theirs, seq: 1 },
    { ...theirs, seq: 2 },
  ]);
});

test("a frame client is welcomed, and both directions carry messages", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const heard: unknown[] = [];
  server.on("connection", (connection) => {
    connection.on("message", (data) => void heard.push(data));
    connection.send("welcome");
  });
  const client = world.frame();
  expect(client.welcome).toMatchObject({ timeoutMs: 60_000, reconnectWindowMs: 5_000 });
  client.driven.send(Uint8Array.of(1, 2, 3));
  world.settle();
  expect(client.received).toEqual(["welcome"]);
  expect(heard).toEqual([Uint8Array.of(1, 2, 3)]);
  const [info] = server.connections();
  expect(info?.id).toMatch(/^[0-9a-f]{32}$/);
  expect(client.welcome?.secret).toMatch(/^[0-9a-f]{32}$/);
  expect(server.connection(info?.id ?? "")?.hello).not.toHaveProperty("token");
  await world.until(server.destroy());
  world.expectNothingLeft();
});

test("every restart has another epoch", async () => {
  const epochs = await Promise.all(
    [0, 1].map(async () => {
      const world = new ServerWorld();
      await world.start();
      return world.frame().welcome?.epoch;
    }),
  );
  expect(epochs[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(epochs[0]).not.toBe(epochs[1]);
});

test("who comes back hears how its last connection ended", async () => {
  const world = new ServerWorld();
  await world.start({ timeoutMs: 2_000, answerWithinMs: 500 });
  const first = world.frame();
  world.network.cut();
  world.pass(10_000);
  expect(world.ends.map(({ code }) => code)).toEqual(["PEER_SILENT"]);
  world.network.heal();
  const second = world.frame({ previous: first.previous });
  const report = second.welcome?.previous;
  expect(report).toMatchObject({ state: "ended", code: "PEER_SILENT" });
  expect(report?.lastHeardMsAgo).toBeGreaterThan(9_000);
});

test("who comes back while its last connection stands replaces it, by its secret", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const first = world.frame();
  const thief = world.frame({ previous: { id: first.previous.id, secret: "0".repeat(32) } });
  expect(thief.welcome?.previous).toEqual({ state: "unknown", lastPingSeq: 0 });
  expect(server.connection(first.previous.id)).toBeDefined();
  const second = world.frame({ previous: first.previous });
  expect(second.welcome?.previous).toMatchObject({ state: "open", lastHeardMsAgo: 0 });
  expect(server.connection(first.previous.id)).toBeUndefined();
  expect(world.ends.map(({ code }) => code)).toEqual(["REPLACED"]);
  const third = world.frame({ previous: first.previous });
  expect(third.welcome?.previous).toMatchObject({ state: "ended", code: "REPLACED" });
});

test("the last records are kept, newest last, without the messages that were lost", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start({ recordsMax: 3 });
  for (let one = 0; one < 5; one++) {
    const client = world.plain("hello\n");
    client.pause();
    world.settle();
    const [info] = server.connections();
    const connection = server.connection(info?.id ?? "");
    for (let message = 0; message <= one; message++) connection?.send("x".repeat(5_000));
    connection?.destroy();
    world.settle();
  }
  expect(world.ends.map(({ undelivered }) => undelivered.length)).toEqual([1, 2, 3, 4, 5]);
  expect(server.records().map(({ undeliveredCount }) => undeliveredCount)).toEqual([3, 4, 5]);
  expect(server.records().flatMap(({ undelivered }) => undelivered)).toEqual([]);
});

test("a broadcast skips those that cannot take it, and counts them", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start({ outboxHighWaterBytes: 4_000 });
  const slow = world.plain("hello\n");
  const quick = world.plain("hello\n");
  world.plain(); // It has said nothing, so its dialect is not known.
  slow.pause();
  expect(server.broadcast("a".repeat(10_000))).toBe(2);
  world.settle();
  expect(server.broadcast("b")).toBe(1);
  world.settle();
  expect(quick.text.endsWith("b\n")).toBe(true);
  expect(server.broadcast(Uint8Array.of(1))).toBe(0);
  expect(server.stats().broadcastSkips).toBe(3);
});

test("a listener that throws, closes or sends leaves a sound server", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  server.on("message", (connection, data) => {
    if (data === "throw") throw new Error("a listener's mistake");
    if (data === "close") connection.close("asked for");
    else connection.send("got it");
  });
  server.on("end", (connection) => connection.send("too late"));
  const first = world.plain("throw\nhello\n");
  expect(first.text).toBe("got it\n");
  const second = world.plain("close\nhello\n");
  expect(second.closed).toBe(true);
  expect(world.ends.map(({ code }) => code)).toEqual(["CLOSED_HERE"]);
  const [mistake, ...late] = world.reported;
  expect(mistake).toHaveProperty("message", "a listener's mistake");
  // What came in one piece with "close" is still heard, but nothing can be sent any more.
  expect(late).toMatchObject([{ code: "NOT_OPEN" }, { code: "NOT_OPEN" }]);
});

test("an observer that throws stops nothing", async () => {
  const world = new ServerWorld();
  await world.start({
    maxConnections: 1,
    observe: () => {
      throw new Error("an observer's mistake");
    },
  });
  world.plain("hello\n");
  world.plain();
  expect(world.told).toContain("rejected CONNECTIONS_MAX");
  expect(world.reported).toHaveLength(1);
});

test("nobody is let in before every listener stands", async () => {
  const world = new ServerWorld();
  let stand: () => void = () => {};
  const slow: Listen = async (handlers) => {
    await new Promise<void>((resolve) => {
      stand = resolve;
    });
    return await listenMemory({ network: world.network, name: "second" })(handlers);
  };
  const starting = world.start({}, [slow]);
  await world.breathe();
  const early = world.plain("ping\n");
  expect(early.closed).toBe(true);
  stand();
  const server = await starting;
  expect(server.urls).toEqual(["memory:server", "memory:second"]);
  expect(world.plain("ping\n").text).toBe("pong\n");
  expect(server.stats().accepted).toBe(1);
});
