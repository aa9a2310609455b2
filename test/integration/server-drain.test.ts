/** How a server goes away: gently, in a bounded time, and without leaving anything behind. */
import { expect, test } from "vitest";
import { ServerWorld } from "./server-world.ts";

test("a drain moves frame peers, flushes line peers, and is over when all have left", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start();
  const frame = world.frame();
  const line = world.plain("hello\n");
  const silent = world.plain();
  server.connection(server.connections()[1]?.id ?? "")?.send("x".repeat(30_000));
  const closed = server.close();
  const late = world.plain("ping\n");
  world.settle();
  expect(frame.goaways).toMatchObject([{ retry: "after", afterMs: 1_000, spreadMs: 5_000 }]);
  expect(line.text).toContain("x\n");
  expect(line.finished).toBe(true);
  expect(late.text).toBe("");
  world.pass(1_100); // Until the silent one is known to stay silent.
  expect(silent.closed).toBe(true);
  await world.until(closed);
  expect(world.ends.map(({ code }) => code).toSorted()).toEqual([
    "CLOSED_BY_PEER",
    "DRAINED",
    "DRAINED",
  ]);
  world.expectNothingLeft();
});

test("who does not leave within the grace period hears a last word", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const stubborn = world.frame();
  stubborn.obeys = false;
  const closed = server.close({ graceMs: 3_000 });
  world.pass(2_900);
  expect(world.ends).toEqual([]);
  world.pass(200);
  expect(stubborn.end?.peerSaid?.code).toBe("DRAINED");
  await world.until(closed);
  expect(world.ends.map(({ code }) => code)).toEqual(["DRAINED"]);
  world.expectNothingLeft();
});

test("who hears nothing is ended a second after the grace period", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  world.frame();
  world.plain("hello\n");
  const closed = server.close({ graceMs: 3_000 });
  world.network.cut();
  world.pass(4_050);
  expect(world.ends.map(({ code }) => code)).toEqual(["DRAINED", "DRAINED"]);
  world.network.heal();
  await world.until(closed);
  world.expectNothingLeft();
});

test.each([
  ["a second close", "close"],
  ["destroy", "destroy"],
] as const)("%s ends a drain at once", async (_, name) => {
  const world = new ServerWorld();
  const server = await world.start();
  const stubborn = world.frame();
  stubborn.obeys = false;
  const first = server.close();
  world.settle();
  const second = server[name]();
  await world.until(Promise.all([first, second]));
  expect(world.ends.map(({ code }) => code)).toEqual(["DRAINED"]);
  world.expectNothingLeft();
});

test("leaving the block closes the server, and a closed one can be closed again", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const client = world.plain("hello\n");
  await world.until(server[Symbol.asyncDispose]());
  await world.until(server.close());
  await world.until(server.destroy());
  expect(client.closed).toBe(true);
  world.expectNothingLeft();
});

test("while it drains, a question to the application ends in a refusal", async () => {
  const world = new ServerWorld();
  let answer: (mayEnter: boolean) => void = () => {};
  const server = await world.start({
    authenticate: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  const client = world.frame();
  const closed = server.close();
  answer(true);
  await world.breathe();
  expect(client.welcome).toBeUndefined();
  expect(client.goaways).toMatchObject([{ retry: "after" }]);
  world.pass(1_100);
  await world.until(closed);
  world.expectNothingLeft();
});
