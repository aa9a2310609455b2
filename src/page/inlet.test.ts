/** Messages on their way into a page: made of parts, bounded, and acknowledged in time. */
import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { utf8 } from "./frames.ts";
import { Inlet } from "./inlet.ts";
import { Lateness } from "./lateness.ts";

const at = (ms: number): Instant => ms as Instant;
const KIB = 1_024;

function make(messageBytesMax = 1_000_000): Inlet {
  return new Inlet(messageBytesMax, new Lateness(250), 60_000);
}

test("an ACK is due 100 ms after the first part that has none, and after 64 KiB at once", () => {
  const inlet = make();
  expect(inlet.ackAt).toBe(Infinity);
  inlet.part(true, false, utf8("a"), at(0));
  inlet.part(true, false, utf8("b"), at(50));
  expect(inlet.ackAt).toBe(100);
  inlet.acknowledged();
  expect(inlet.ackAt).toBe(Infinity);
  inlet.part(false, true, new Uint8Array(64 * KIB - 1), at(200));
  expect(inlet.ackAt).toBe(300);
  inlet.part(undefined, true, new Uint8Array(1), at(250));
  expect(inlet.ackAt).toBe(250);
  expect([inlet.messagesIn, inlet.heldBytes]).toEqual([2, 64 * KIB]);
  inlet.acknowledged();
  inlet.part(undefined, false, new Uint8Array(1), at(300));
  expect(inlet.ackAt).toBe(400);
  expect([inlet.messagesIn, inlet.heldBytes]).toEqual([3, 0]);
});

test("a message that was begun must gain 64 KiB in each wait, or end", () => {
  const inlet = make();
  expect(inlet.unfinished.until).toBe(Infinity);
  inlet.part(false, true, new Uint8Array(10), at(0));
  expect(inlet.unfinished.until).toBe(60_000);
  inlet.part(undefined, true, new Uint8Array(10_000), at(30_000));
  expect(inlet.unfinished.until).toBe(60_000);
  inlet.part(undefined, true, new Uint8Array(64 * KIB), at(50_000));
  expect(inlet.unfinished.until).toBe(110_000);
  inlet.part(undefined, false, new Uint8Array(0), at(60_000));
  expect(inlet.unfinished.until).toBe(Infinity);
});

test("empty parts cost nothing, and an empty message is one", () => {
  const inlet = make(1);
  for (let count = 0; count < 10; count++) {
    expect(inlet.part(count === 0 ? true : undefined, true, utf8(""), at(0))).toBeUndefined();
  }
  expect(inlet.part(undefined, false, utf8(""), at(0))).toBe("");
  expect(inlet.part(false, false, utf8(""), at(0))).toEqual(new Uint8Array(0));
});

test("what is delivered is a copy: bytes belong to whoever got them", () => {
  const inlet = make();
  const lent = Uint8Array.of(1, 2);
  const got = inlet.part(false, false, lent, at(0));
  lent.fill(9);
  expect(got).toEqual(Uint8Array.of(1, 2));
});

test("parts in a wrong order, too long, or no text in the end, break the rules", () => {
  expect(() => make().part(undefined, false, utf8("a"), at(0))).toThrow("wrong order");
  const begun = make();
  begun.part(true, true, utf8("a"), at(0));
  expect(() => begun.part(true, false, utf8("b"), at(0))).toThrow("wrong order");
  const short = make(3);
  short.part(true, true, utf8("ab"), at(0));
  expect(() => short.part(undefined, true, utf8("cd"), at(0))).toThrow("exceeds 3 bytes");
  const broken = make();
  broken.part(true, true, Uint8Array.of(0xf0, 0x9f), at(0));
  expect(() => broken.part(undefined, false, Uint8Array.of(0x90), at(0))).toThrow("not UTF-8");
});
