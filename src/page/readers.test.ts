/** The loops over a link of a page, each with a queue of its own. */
import { expect, test } from "vitest";
import { Readers } from "./readers.ts";

/** What an empty message weighs. */
const ONE = 64;

function make(bytesMax: number): { readonly readers: Readers; readonly paces: () => number } {
  let paces = 0;
  return { readers: new Readers(bytesMax, () => void (paces += 1)), paces: () => paces };
}

test("a loop is behind while more than the bound waits for it", async () => {
  const { readers, paces } = make(4 * ONE);
  const loop = readers.iterate();
  for (let count = 0; count < 5; count++) readers.push("");
  expect(readers.areBehind).toBe(true);
  await loop.next();
  expect(readers.areBehind).toBe(false);
  expect(paces()).toBe(1);
  await loop.next();
  expect(paces()).toBe(1); // It was not behind, and nothing changed.
});

test("messages go to those who wait for them, in the order in which they asked", async () => {
  const { readers } = make(ONE);
  const loop = readers.iterate();
  const asked = [loop.next(), loop.next()];
  for (const text of ["one", "two", "three"]) readers.push(text);
  expect(await Promise.all(asked)).toEqual([
    { done: false, value: "one" },
    { done: false, value: "two" },
  ]);
  readers.end();
  expect(await loop.next()).toEqual({ done: false, value: "three" });
  expect(await loop.next()).toEqual({ done: true, value: undefined });
});

test("two loops get all messages, and bytes of their own", async () => {
  const { readers } = make(1_000);
  const [a, b] = [readers.iterate(), readers.iterate()];
  readers.push(Uint8Array.of(1));
  const first: unknown = (await a.next()).value;
  (first as Uint8Array).fill(9);
  expect((await b.next()).value).toEqual(Uint8Array.of(1));
});

test("the slowest loop sets the pace, until it is left", async () => {
  const { readers, paces } = make(ONE);
  const [fast, slow] = [readers.iterate(), readers.iterate()];
  for (const text of ["one", "two"]) {
    readers.push(text);
    await fast.next();
  }
  expect(readers.areBehind).toBe(true);
  await slow.return?.();
  expect(readers.areBehind).toBe(false);
  expect(paces()).toBeGreaterThan(0);
});

test("leaving a loop answers whoever waits in it", async () => {
  const { readers } = make(ONE);
  const loop = readers.iterate();
  const waiting = loop.next();
  await loop[Symbol.asyncDispose]();
  expect(await waiting).toEqual({ done: true, value: undefined });
  readers.push("late");
  expect(await loop.next()).toEqual({ done: true, value: undefined });
});

test("the text of a message weighs what it takes as UTF-8", () => {
  const { readers } = make(ONE + 4);
  readers.iterate();
  readers.push("ab🐎".slice(2));
  expect(readers.areBehind).toBe(false);
  readers.push("");
  expect(readers.areBehind).toBe(true);
});
