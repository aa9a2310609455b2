/** What is sent over a link of a page: in order, bounded, and handed back where it got lost. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";

const URL = "ws://a.example:1";
const PLACE = "a.example:1";

test("what is sent before the link is online arrives in order", async () => {
  const rig = new PageRig();
  const link = rig.open(URL);
  await rig.settle();
  const bytes = Uint8Array.of(1, 2, 3);
  link.send("one");
  link.send(bytes);
  bytes.fill(9);
  const server = rig.listen(PLACE);
  await rig.advance(10_000);
  link.send("three");
  await rig.advance(100);
  expect(server.messages).toEqual(["one", Uint8Array.of(1, 2, 3), "three"]);
});

test("send says when it is above the mark and when it is full, drain when not", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, {
    messageBytesMax: 10,
    outboxBytesMax: 30,
    outboxHighWaterBytes: 20,
  });
  expect(link.send("x".repeat(20))).toBe(true);
  expect(link.send("x")).toBe(false);
  expect(link.send("x".repeat(9))).toBe(false);
  expect(() => link.send("x")).toThrow(/30 bytes wait .* `outboxBytesMax` is 30/);
  expect(rig.all("drain")).toEqual([]);
  const server = rig.listen(PLACE);
  await rig.advance(10_000);
  expect(rig.all("drain")).toEqual([[]]);
  expect(server.messages.map((message) => message.length)).toEqual([20, 1, 9]);
  expect(link.send("x")).toBe(true);
});

/** Sent over a path that is cut: what was handed to the browser, and what was not. */
const SIZES = [60_000, 60_001, 60_002, 60_003, 60_004, 60_005] as const;

test("what the browser had got is handed back, the rest goes out on the next one", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.settle();
  rig.network.cut();
  for (const size of SIZES) link.send("x".repeat(size));
  const lost = link.delivered().catch((error: unknown) => error);
  // A ping behind more than 64 KiB waits as long as output may stand still, and then its answer.
  await rig.advance(30_000 + 60_000 + 5_000);
  const [undelivered] = rig.all("undelivered")[0] ?? [];
  const [record] = rig.all("connectionEnd")[0] ?? [];
  expect(record?.code).toMatch(/^(?:PEER_SILENT|PEER_TAKES_NOTHING)$/);
  expect(await lost).toMatchObject({ code: record?.code });
  expect(record?.undelivered).toEqual(undelivered?.messages);
  const handed = undelivered?.messages.map(({ length }) => length) ?? [];
  expect(handed).toEqual(SIZES.slice(0, handed.length));
  // 64 KiB in the pipe, up to as much in the browser, and one part above it.
  expect(handed.length).toBeGreaterThanOrEqual(2);
  expect(handed.length).toBeLessThanOrEqual(4);
  link.send("later");
  rig.network.heal();
  const delivered = link.delivered();
  await rig.advance(120_000);
  await delivered;
  const lengths = server.messages.map(({ length }) => length);
  const rest = [...SIZES.slice(handed.length), 5];
  expect(lengths.slice(-rest.length)).toEqual(rest);
  expect(rig.all("undelivered")).toHaveLength(1);
});

test("delivered resolves when the server has everything, be it nothing", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL);
  await link.delivered();
  await rig.settle();
  rig.network.cut();
  link.send("hello");
  let isDelivered = false;
  const delivered = link.delivered().then(() => {
    isDelivered = true;
    return undefined;
  });
  await rig.advance(1_000);
  expect(isDelivered).toBe(false);
  rig.network.heal();
  await rig.advance(1_000);
  await delivered;
});

test("what waits when the link ends is in the last record and in one event", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { redial: { attemptsMax: 1 } });
  link.send("one");
  link.send("two");
  const rejected = link.delivered().catch((error: unknown) => error);
  await rig.settle();
  expect(await rejected).toMatchObject({
    code: "REDIAL_EXHAUSTED",
    message: expect.stringContaining("2 messages were not delivered") as string,
  });
  expect((await link.ended).undelivered).toEqual(["one", "two"]);
  expect(rig.all("undelivered").map(([{ messages }]) => messages)).toEqual([["one", "two"]]);
  await link.delivered();
  expect(() => link.send("three")).toThrow(/REDIAL_EXHAUSTED/);
});

test("a message that cannot be a line is refused at the call when any url speaks lines", () => {
  const rig = new PageRig();
  const link = rig.open([URL, "line+ws://a.example:2"]);
  for (const wrong of ["two\nlines", "ping", "pong", Uint8Array.of(1)]) {
    expect(() => link.send(wrong)).toThrow(expect.objectContaining({ code: "MESSAGE_NOT_A_LINE" }));
  }
  expect(() => link.send(42 as never)).toThrow(/expected a string or a Uint8Array/);
  expect(link.send("a line")).toBe(true);
});

test("a message that the server turns out not to take is told, and holds up no other", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE, { messageBytesMax: 10 });
  const link = rig.open(URL);
  link.send("one");
  link.send("x".repeat(11));
  link.send("two");
  await rig.advance(1_000);
  expect(server.messages).toEqual(["one", "two"]);
  expect(rig.all("undelivered")[0]?.[0]).toMatchObject({
    messages: ["x".repeat(11)],
    code: "MESSAGE_TOO_LONG",
  });
  await link.delivered();
  expect(() => link.send("x".repeat(11))).toThrow(
    expect.objectContaining({ code: "MESSAGE_TOO_LONG" }),
  );
});

test("more than a connection takes at once goes out as it takes it", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL, { messageBytesMax: 60_000, outboxBytesMax: 60_000 });
  await rig.settle();
  let sent = 0;
  while (sent < 20) {
    try {
      link.send(String(sent).padEnd(30_000, "."));
      sent += 1;
    } catch {
      await rig.advance(10); // Full: the test is about what gets through.
    }
  }
  await rig.advance(1_000);
  expect(server.messages.map((message) => Number.parseInt(message as string, 10))).toEqual(
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test("a line longer than a part is sent once", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE, { lineBytesMax: 1_000_000 });
  const link = rig.open(`line+${URL}`);
  link.send("x".repeat(200_000));
  link.send("y");
  await rig.advance(1_000);
  expect(server.messages.map(({ length }) => length)).toEqual([200_000, 1]);
  await link.delivered();
});
