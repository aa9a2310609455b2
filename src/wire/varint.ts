/**
 * Whole numbers from 0 to 2^53 - 1, little-endian base 128: seven bits in each byte, the lowest
 * first, the high bit set on all but the last.
 *
 * Only the shortest form is valid, so the length of a number follows from its value. Easy to break:
 * the shift operators of the language work on 32 bits, so this multiplies.
 */
import { assert } from "../base/assert.ts";

/** 8 * 7 bits hold the 53 that a number can carry exactly. */
export const VARINT_BYTES_MAX = 8;

/** `readVarint` ran out of bytes. */
export const VARINT_UNFINISHED = -1;
/** What `readVarint` saw can never become a number in its shortest form. */
export const VARINT_INVALID = -2;

/** In the eighth byte only the lowest four bits are left of 53. */
const LAST_BYTE_MAX = 0x0f;

/** Reads the number at `at`, looking at no byte from `end` on; below zero, one of the two above. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let unit = 1;
  for (let count = 0; count < VARINT_BYTES_MAX; count++) {
    if (at + count >= end) return VARINT_UNFINISHED;
    const byte = bytes[at + count] as number;
    if (count === VARINT_BYTES_MAX - 1 && byte > LAST_BYTE_MAX) return VARINT_INVALID;
    if (byte < 0x80) return byte === 0 && count > 0 ? VARINT_INVALID : value + byte * unit;
    value += (byte - 0x80) * unit;
    unit *= 0x80;
  }
  return VARINT_INVALID;
}

/** How many bytes the number takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Writes the number and returns where the next byte goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  assert(Number.isSafeInteger(value) && value >= 0, "a varint is a whole number below 2^53");
  let next = at;
  let rest = value;
  while (rest >= 0x80) {
    target[next] = 0x80 + (rest % 0x80);
    next += 1;
    rest = Math.floor(rest / 0x80);
  }
  target[next] = rest;
  return next + 1;
}
