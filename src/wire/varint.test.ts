import fc from "fast-check";
import { expect, test } from "vitest";
import {
  readVarint,
  VARINT_BYTES_MAX,
  VARINT_INVALID,
  VARINT_UNFINISHED,
  varintLength,
  writeVarint,
} from "./varint.ts";

test("every number comes back, from any place, and ends where its length says", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 5 }), (value, at) => {
      const bytes = new Uint8Array(at + VARINT_BYTES_MAX).fill(0xff);
      const end = writeVarint(bytes, at, value);
      expect(end - at).toBe(varintLength(value));
      expect(readVarint(bytes, at, bytes.length)).toBe(value);
      expect(readVarint(bytes, at, end)).toBe(value);
      expect(readVarint(bytes, at, end - 1)).toBe(VARINT_UNFINISHED);
    }),
  );
});

test("all numbers of up to two bytes have exactly one form", () => {
  const seen = new Map<number, number>();
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const value = readVarint(Uint8Array.of(first, second), 0, 2);
      if (first < 0x80) expect(value).toBe(first);
      else if (second === 0) expect(value).toBe(VARINT_INVALID);
      else if (second >= 0x80) expect(value).toBe(VARINT_UNFINISHED);
      else seen.set(value, (seen.get(value) ?? 0) + 1);
    }
  }
  expect(seen.size).toBe(16_384 - 128);
  expect(new Set(seen.values())).toEqual(new Set([1]));
});

test("any bytes give a whole number or one of two refusals", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const value = readVarint(bytes, 0, bytes.length);
      if (value === VARINT_INVALID || value === VARINT_UNFINISHED) return;
      const written = new Uint8Array(VARINT_BYTES_MAX);
      const end = writeVarint(written, 0, value);
      expect(written.subarray(0, end)).toEqual(bytes.slice(0, end));
    }),
  );
});

test.each([-1, 0.5, 2 ** 53, Number.NaN, Infinity])("%d is never written", (value) => {
  expect(() => writeVarint(new Uint8Array(16), 0, value)).toThrow("broken promise");
});
