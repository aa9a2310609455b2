import fc from "fast-check";
import { expect, test } from "vitest";
import { NetworkBook } from "./network-book.ts";
import { type NetworkMemory, parseNetworkMemory } from "./network-memory.ts";

const DAY_MS = 86_400_000;
const memoryOf = (survivedMs: number): NetworkMemory => ({
  version: 1,
  survivedMs,
  broken: { gapMs: survivedMs + 1_000, recheckAtWallMs: 1_700_000_000_000, delayMs: DAY_MS },
});

test("keeps what it was told through text, and the order of use", () => {
  const book = new NetworkBook();
  for (let n = 0; n < 64; n++) book.remember(`net${n}`, memoryOf(30_000 + n), n);
  book.recall("net0", 100);
  const copy = NetworkBook.fromText(book.toText());
  expect(copy.recall("net5", 101)).toEqual(memoryOf(30_005));
  copy.remember("new", memoryOf(1_000), 102);
  expect(copy.size).toBe(64);
  expect(copy.recall("net1", 103), "the longest unused is gone").toBeUndefined();
  expect(copy.recall("net0", 103)).toEqual(memoryOf(30_000));
});

test("forgets after 30 days without use", () => {
  const book = new NetworkBook();
  book.remember("home", memoryOf(30_000), 0);
  expect(book.recall("home", 30 * DAY_MS)).toBeDefined();
  expect(book.recall("home", 60 * DAY_MS + 1)).toBeUndefined();
  expect(book.size).toBe(0);
});

test("whatever text comes, there is a book of at most 64 networks, never an exception", () => {
  const { version, survivedMs } = memoryOf(5);
  const odd = JSON.stringify({
    version: 1,
    networks: [{ key: "a", memory: { version, survivedMs } }],
  });
  for (const text of [undefined, "", "{", "[]", "null", '{"version":2,"networks":[]}', odd]) {
    expect(NetworkBook.fromText(text).size).toBe(0);
  }
  expect(
    NetworkBook.fromText(`{"version":1,"networks":[],"x":"${"x".repeat(262_144)}"}`).size,
  ).toBe(0);
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(NetworkBook.fromText(text).size).toBeLessThanOrEqual(64);
    }),
  );
});

test("a full book of long keys can be read again", () => {
  const book = new NetworkBook();
  for (let n = 0; n < 64; n++) book.remember(`${n}`.padEnd(256, "k"), memoryOf(30_000.123 + n), n);
  expect(NetworkBook.fromText(book.toText()).size).toBe(64);
  book.remember("k".repeat(257), memoryOf(1), 99);
  expect(book.recall("k".repeat(257), 99)).toBeUndefined();
});

test("a memory survives JSON, and one from elsewhere is clamped or none", () => {
  const memory = memoryOf(30_000);
  expect(parseNetworkMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  for (const none of [undefined, null, 7, [], {}, { version: 2, survivedMs: 1 }, { version: 1 }]) {
    expect(parseNetworkMemory(none)).toBeUndefined();
  }
  const wild = { gapMs: 1, recheckAtWallMs: -5, delayMs: 1e99 };
  expect(parseNetworkMemory({ version: 1, survivedMs: 1e99, broken: wild })).toEqual({
    version: 1,
    survivedMs: DAY_MS,
    broken: { gapMs: DAY_MS, recheckAtWallMs: 0, delayMs: 7 * DAY_MS },
  });
});
