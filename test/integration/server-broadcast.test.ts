/** One message to all: each hears it in its own dialect, and each has its own limits. */
import { expect, test } from "vitest";
import { type FrameClient, ServerWorld } from "./server-world.ts";

/** A frame client that takes messages of so many bytes at most. */
function taking(world: ServerWorld, messageBytesMax: number): FrameClient {
  return world.frame({}, {}, 5, messageBytesMax);
}

test("lines and frames hear the same text, again and again", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const lines = [world.plain("hello\n"), world.plain("hello\n")];
  const frames = [world.frame(), world.frame()];
  const texts = ["short", "", "é🐎", "x".repeat(64), "y".repeat(64), "short"];
  for (const text of texts) expect(server.broadcast(text)).toBe(4);
  world.settle();
  const asBytes = Buffer.from(`${texts.join("\n")}\n`).toString("latin1");
  for (const { text } of lines) expect(text).toBe(asBytes);
  for (const { received } of frames) expect(received).toEqual(texts);
});

test("a text of many parts reaches all frame peers whole", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const frames = [world.frame(), world.frame()];
  const texts = [65_535, 65_536, 65_537, 200_000].map((length) => "é".repeat(length / 2));
  for (const text of texts) {
    expect(server.broadcast(text)).toBe(2);
    world.pass(1_000);
  }
  for (const { received } of frames) expect(received).toEqual(texts);
});

test("who cannot take a message is skipped, and the others have it", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const line = world.plain("hello\n");
  const [small, large] = [taking(world, 5), taking(world, 1_000)];
  expect(server.broadcast("123456")).toBe(2);
  expect(server.broadcast("ééé")).toBe(2); // Six bytes, three characters.
  expect(server.broadcast("two\nlines")).toBe(1);
  expect(server.broadcast("ping")).toBe(2); // A line peer would answer it.
  expect(server.broadcast(Uint8Array.of(1, 2))).toBe(2);
  expect(server.broadcast("12345")).toBe(3);
  world.settle();
  expect(line.text).toBe(`123456\n${Buffer.from("ééé").toString("latin1")}\n12345\n`);
  expect(small.received).toEqual(["ping", Uint8Array.of(1, 2), "12345"]);
  expect(large.received).toEqual([
    "123456",
    "ééé",
    "two\nlines",
    "ping",
    Uint8Array.of(1, 2),
    "12345",
  ]);
  expect(server.stats().broadcastSkips).toBe(1 + 1 + 2 + 1 + 1 + 0);
});

test("bytes handed over may be written into; each record has bytes of its own", async () => {
  const world = new ServerWorld(1_000);
  const server = await world.start();
  const frames = [world.frame(), world.frame(), world.frame()];
  const bytes = new Uint8Array(5_000).fill(1);
  server.broadcast(bytes);
  server.broadcast("a text");
  bytes.fill(2);
  const whole = new Uint8Array(5_000).fill(1);
  for (const { id } of server.connections().slice(0, 2)) server.connection(id)?.destroy();
  const given = world.ends.map(({ undelivered }) => undelivered);
  expect(given).toEqual([
    [whole, "a text"],
    [whole, "a text"],
  ]);
  for (const one of given[0] ?? []) if (typeof one !== "string") one.fill(3);
  expect(given[1]?.[0]).toEqual(whole);
  world.pass(1_000);
  expect(frames[2]?.received).toEqual([whole, "a text"]);
});

test("what is neither text nor bytes is refused, also where nobody would hear it", async () => {
  const world = new ServerWorld();
  const server = await world.start();
  const wrong = 5 as unknown as string;
  expect(() => server.broadcast(wrong)).toThrow(/broadcast takes a string .* got number/);
  const frame = world.frame();
  expect(() => server.broadcast(wrong)).toThrow(/broadcast takes a string .* got number/);
  expect(frame.end).toBeUndefined();
});
