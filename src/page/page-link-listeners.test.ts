/** What listeners and loops of a page's link get, and what they may do meanwhile. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";

const URL = "ws://a.example:1";
const PLACE = "a.example:1";

test("a loop gets the messages from its own beginning to the end of the link", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.settle();
  server.driven?.send("before anybody iterated");
  await rig.advance(10);
  const got: unknown[] = [];
  const loop = (async () => {
    for await (const data of link) got.push(data);
  })();
  await rig.settle();
  server.driven?.send("one");
  await rig.advance(10);
  server.driven?.abort("OVERLOADED", "");
  await rig.advance(10_000);
  server.driven?.send(Uint8Array.of(2));
  await rig.advance(10);
  void link.close();
  await rig.advance(10);
  await loop;
  expect(got).toEqual(["one", Uint8Array.of(2)]);
});

test("a loop that falls behind acknowledges nothing, and the server is held back", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE, { outboxBytesMax: 10_000_000 });
  const link = rig.open(URL, { inboxBytesMax: 50_000 });
  await rig.settle();
  const loop = link[Symbol.asyncIterator]();
  for (let count = 0; count < 100; count++) server.driven?.send("x".repeat(10_000));
  await rig.advance(1_000);
  expect(rig.all("message")).toHaveLength(100); // A page cannot stop the browser.
  const heldBytes = (): number => server.driven?.connection.outboxBytes ?? 0;
  expect(heldBytes()).toBeGreaterThan(900_000);
  for (let count = 0; count < 100; count++) {
    const next = loop.next();
    await rig.advance(1);
    expect((await next).done).toBe(false);
  }
  await rig.advance(200);
  expect(heldBytes()).toBe(0);
});

test("leaving a loop lets the server go on", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE, { outboxBytesMax: 10_000_000 });
  const link = rig.open(URL, { inboxBytesMax: 50_000 });
  await rig.settle();
  const loop = link[Symbol.asyncIterator]();
  for (let count = 0; count < 100; count++) server.driven?.send("x".repeat(10_000));
  await rig.advance(1_000);
  await loop.return?.();
  await rig.advance(1_000);
  expect(server.driven?.connection.outboxBytes).toBe(0);
  expect(rig.all("message")).toHaveLength(100);
  expect(await loop.next()).toEqual({ done: true, value: undefined });
});

test("a loop that stands still too long costs the connection, with our own cause", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE, { outboxBytesMax: 10_000_000 });
  const link = rig.open(URL, { inboxBytesMax: 50_000, pauseMsMax: 5_000 });
  await rig.settle();
  link[Symbol.asyncIterator]();
  for (let count = 0; count < 100; count++) server.driven?.send("x".repeat(10_000));
  await rig.advance(4_500);
  expect(link.status.name).toBe("online");
  await rig.advance(2_000);
  expect(rig.all("connectionEnd")[0]?.[0]).toMatchObject({ code: "READER_TOO_SLOW" });
  expect(link.status.name).not.toBe("ended");
});

test("a loop over a link that has ended is done at once", async () => {
  const rig = new PageRig();
  const link = rig.open(URL);
  await link.close();
  const got: unknown[] = [];
  for await (const data of link) got.push(data);
  expect(got).toEqual([]);
});

test("a beat is told as what it was, and as nothing else", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.settle();
  await rig.advance(35_000);
  const [beat] = rig.all("beat")[0] ?? [];
  expect(beat).toStrictEqual({ of: "ours", seq: 1, rttMs: expect.any(Number), nextMs: 0 });
  void link.close();
  await rig.advance(10);
});

test("a listener that throws is reported, and harms nobody", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  const fault = new Error("mine");
  for (const name of ["status", "message", "beat", "connectionEnd", "end"] as const) {
    link.on(name, () => {
      throw fault;
    });
  }
  const heard: unknown[] = [];
  link.on("message", (data) => heard.push(data));
  await rig.settle();
  server.driven?.send("one");
  server.driven?.send("two");
  await rig.advance(35_000);
  void link.close();
  await rig.advance(10);
  expect(heard).toEqual(["one", "two"]);
  expect((await link.ended).code).toBe("CLOSED_HERE");
  expect(rig.reported.length).toBeGreaterThanOrEqual(7);
  expect(new Set(rig.reported)).toEqual(new Set([fault]));
});

test("an observer that throws is reported, and harms nobody", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const fault = new Error("mine");
  const link = rig.open(URL, {
    token: "t",
    observe: () => {
      throw fault;
    },
  });
  await rig.settle();
  expect(link.status.name).toBe("online");
  expect(rig.reported).toEqual([fault]);
});

test("closing inside any listener leaves one end, after which sends are refused", async () => {
  for (const name of ["status", "message", "connectionEnd"] as const) {
    const rig = new PageRig();
    const server = rig.listen(PLACE);
    const link = rig.open(URL);
    link.on(name, () => void link.close("inside"));
    let refused: unknown;
    link.on("end", () => {
      try {
        link.send("late");
      } catch (error) {
        refused = error;
      }
    });
    await rig.settle();
    server.driven?.send("hello");
    await rig.settle();
    server.driven?.abort("OVERLOADED", "");
    await rig.advance(120_000);
    expect(rig.all("end")).toHaveLength(1);
    expect((await link.ended).code).toBe("CLOSED_HERE");
    expect(refused).toMatchObject({ code: "NOT_OPEN" });
    expect(rig.reported).toEqual([]);
  }
});

test("a listener sees events in the order in which they happened, whatever others do", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL);
  link.on("status", ({ name }) => {
    if (name === "online") void link.close();
  });
  const late: string[] = [];
  link.on("status", ({ name }) => late.push(name));
  await rig.advance(10_000);
  expect(late).toEqual(["connecting", "online", "ended"]);
});

test("a message listener may send", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  link.on("message", (data) => void link.send(`${String(data)} to you`));
  await rig.settle();
  server.driven?.send("hello");
  await rig.advance(10);
  expect(server.messages).toEqual(["hello to you"]);
});

test("a listener that was removed hears nothing more", async () => {
  const rig = new PageRig();
  const link = rig.open(URL);
  let heard = 0;
  const undo = link.on("status", () => void (heard += 1));
  undo();
  await rig.advance(10_000);
  expect(heard).toBe(0);
});
