import { expect, test } from "vitest";
import { LastBuffer } from "./last-buffer.ts";

test("an array that comes again is one Buffer from then on, over the same memory", () => {
  const last = new LastBuffer();
  const pong = new TextEncoder().encode("pong\n");
  last.of(pong);
  const second = last.of(pong);
  expect(Buffer.isBuffer(second) && second.toString()).toBe("pong\n");
  expect(last.of(pong)).toBe(second);
  expect(second.buffer).toBe(pong.buffer);
});

test("two arrays in turn are never taken for one another", () => {
  const last = new LastBuffer();
  const both = new Uint8Array(10).map((_, at) => at);
  const arrays = [both.subarray(0, 5), both.subarray(5), both.slice(0, 5), new Uint8Array(0)];
  for (const bytes of [...arrays, ...arrays, ...arrays.flatMap((one) => [one, one, one])]) {
    expect([...last.of(bytes)]).toEqual([...bytes]);
  }
});

test("nothing long is remembered, nor what would keep something long", () => {
  const last = new LastBuffer();
  const long = new Uint8Array(65);
  for (const bytes of [long, long.subarray(60)]) {
    last.of(bytes);
    expect(last.of(bytes)).toBe(bytes);
  }
});
