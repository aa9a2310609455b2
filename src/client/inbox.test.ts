import { expect, test } from "vitest";
import { Inbox, MESSAGE_OVERHEAD_BYTES } from "./inbox.ts";
import { OrderedEvents } from "./ordered-events.ts";
import { Readers } from "./readers.ts";

const ONE = MESSAGE_OVERHEAD_BYTES;

test("a full queue stays full until half of it was taken", async () => {
  const levels: boolean[] = [];
  const inbox = new Inbox(4 * ONE, (changed) => levels.push(changed.isFull));
  for (let count = 0; count < 5; count++) inbox.push("");
  expect(inbox.isFull).toBe(true);
  for (const isFull of [true, true, false]) {
    await inbox.next();
    expect(inbox.isFull).toBe(isFull);
  }
  expect(levels).toEqual([false]);
});

test("messages go to those who wait for them, in the order in which they asked", async () => {
  const inbox = new Inbox(ONE, () => {});
  const asked = [inbox.next(), inbox.next()];
  inbox.push("one");
  inbox.push("two");
  inbox.push("three");
  expect(await Promise.all(asked)).toEqual([
    { done: false, value: "one" },
    { done: false, value: "two" },
  ]);
  inbox.end();
  inbox.push("late");
  expect(await inbox.next()).toEqual({ done: false, value: "three" });
  expect(await inbox.next()).toEqual({ done: true, value: undefined });
});

test("two loops get all messages, and bytes of their own", async () => {
  const readers = new Readers(1_000, { onPace() {} });
  const [a, b] = [readers.iterate(), readers.iterate()];
  readers.push(Uint8Array.of(1));
  const first: unknown = (await a.next()).value;
  (first as Uint8Array).fill(9);
  expect((await b.next()).value).toEqual(Uint8Array.of(1));
});

test("the slowest loop sets the pace, until it is left", async () => {
  let paces = 0;
  const readers = new Readers(ONE, { onPace: () => void (paces += 1) });
  const [fast, slow] = [readers.iterate(), readers.iterate()];
  for (const text of ["one", "two"]) {
    readers.push(text);
    await fast.next();
  }
  expect(readers.areBehind).toBe(true);
  await slow.return();
  expect(readers.areBehind).toBe(false);
  expect(paces).toBeGreaterThan(0);
});

test("a step within a step keeps its events until the outer one is done", () => {
  const events = new OrderedEvents<{ told: [text: string] }>(() => {});
  const heard: string[] = [];
  events.on("told", (text) => heard.push(text));
  events.step(() => {
    events.step(() => events.emit("told", "inner"));
    events.emit("told", "outer");
    expect(heard).toEqual([]);
  });
  expect(heard).toEqual(["inner", "outer"]);
});
