import { expect, test } from "vitest";
import { ReceiveBuffer } from "./receive-buffer.ts";

const text = (buffer: ReceiveBuffer): string =>
  String.fromCharCode(...buffer.bytes.subarray(buffer.start, buffer.end));
const bytesOf = (word: string): Uint8Array => new TextEncoder().encode(word);

test("what is consumed at once is never ours, and an empty buffer holds nothing", () => {
  const buffer = new ReceiveBuffer(100);
  const lent = bytesOf("abc");
  buffer.push(lent);
  expect(buffer.bytes).toBe(lent);
  expect(buffer.capacityBytes).toBe(0);
  buffer.skip(3);
  buffer.keep();
  expect([buffer.length, buffer.capacityBytes]).toEqual([0, 0]);
  expect(buffer.bytes).not.toBe(lent);
});

test("what is kept survives the lender", () => {
  const buffer = new ReceiveBuffer(100);
  const lent = bytesOf("abcdef");
  buffer.push(lent);
  buffer.skip(4);
  buffer.keep();
  lent.fill(0xaa);
  expect(text(buffer)).toBe("ef");
  buffer.push(bytesOf("gh"));
  expect(text(buffer)).toBe("efgh");
  buffer.skip(4);
  expect(buffer.capacityBytes).toBe(0);
});

test("a second push before the first one is kept or consumed is a bug of ours", () => {
  const buffer = new ReceiveBuffer(100);
  buffer.push(bytesOf("a"));
  expect(() => buffer.push(bytesOf("b"))).toThrow("broken promise");
});

test("memory follows what arrived: twice of it at most, and it shrinks back", () => {
  const buffer = new ReceiveBuffer(20_000);
  for (let received = 1; received <= 20_000; received++) {
    buffer.push(Uint8Array.of(1));
    buffer.keep();
    expect(buffer.capacityBytes).toBeLessThanOrEqual(Math.max(64, 2 * received));
  }
  buffer.skip(19_990);
  buffer.keep();
  expect(buffer.length).toBe(10);
  expect(buffer.capacityBytes).toBeLessThanOrEqual(64);
});

test("room that was consumed is used again instead of growing", () => {
  const buffer = new ReceiveBuffer(100);
  buffer.push(bytesOf("x"));
  buffer.keep();
  const room = buffer.bytes;
  for (let round = 0; round < 1_000; round++) {
    buffer.push(bytesOf("abcdefghij"));
    buffer.skip(10);
    expect(text(buffer)).toBe("j");
    buffer.keep();
  }
  expect(buffer.bytes).toBe(room);
});

test("keeping more than was promised is a bug of ours", () => {
  const buffer = new ReceiveBuffer(3);
  buffer.push(bytesOf("abcd"));
  expect(() => buffer.keep()).toThrow("broken promise");
});

test.each([0, 40])("a search of %d bytes and more finds the first match from a place on", (pad) => {
  const buffer = new ReceiveBuffer(1_000);
  buffer.push(bytesOf(`skip${".".repeat(pad)}a-b-`));
  buffer.skip(4);
  expect(buffer.indexOf(0x2d, 0)).toBe(pad + 1);
  expect(buffer.indexOf(0x2d, pad + 1)).toBe(pad + 1);
  expect(buffer.indexOf(0x2d, pad + 2)).toBe(pad + 3);
  expect(buffer.indexOf(0x2d, pad + 4)).toBe(-1);
  expect(buffer.indexOf(0x21, 0)).toBe(-1);
});

test("a search does not look at old bytes behind the end", () => {
  const buffer = new ReceiveBuffer(1_000);
  buffer.push(bytesOf("a".repeat(100)));
  buffer.keep();
  buffer.push(bytesOf("\n"));
  buffer.skip(100);
  expect(buffer.indexOf(0x0a, 0)).toBe(0);
  buffer.skip(1);
  buffer.push(bytesOf("b"));
  expect(buffer.indexOf(0x0a, 0)).toBe(-1);
});
