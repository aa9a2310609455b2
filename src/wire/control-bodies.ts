/**
 * The bodies that are not JSON: PING and PONG, ACK, SLOW, END, and parts of messages.
 *
 * A control body ends where its last field ends: a byte more is a fault, so that both sides agree
 * on what was said. Functions read in place and allocate nothing but the frame they return.
 */
import { assert } from "../base/assert.ts";
import { utf8 } from "../base/bytes.ts";
import { wireFault } from "./fault.ts";
import type { Frame, PartType, WireFault } from "./frame.ts";
import { FAREWELL_BODY_BYTES_MAX } from "./frame-types.ts";
import { decodeUtf8 } from "./utf8-text.ts";
import { readVarint, varintLength, writeVarint } from "./varint.ts";

/** In the flags of a part: another part of the same message follows. The other bits must be 0. */
export const FLAG_MORE = 0x01;

/** A code is a word of ASCII, so that it can be compared and printed as it is. */
const CODE_BYTES_MAX = 64;

/** PING and PONG: seq, nextMs. ACK: messages, partBytes. */
export function decodePair(
  kind: "ping" | "pong" | "ack",
  bytes: Uint8Array,
  at: number,
  end: number,
): Frame | WireFault {
  const first = readVarint(bytes, at, end);
  if (first < 0) return malformed(kind);
  const secondAt = at + varintLength(first);
  const second = readVarint(bytes, secondAt, end);
  if (second < 0 || secondAt + varintLength(second) !== end) return malformed(kind);
  if (kind === "ack") return { kind, messages: first, partBytes: second };
  if (first === 0) return wireFault("FRAME_INVALID", `${kind.toUpperCase()}: seq begins at 1`);
  return { kind, seq: first, nextMs: second };
}

export function decodeSlow(bytes: Uint8Array, at: number, end: number): Frame | WireFault {
  const intervalMs = readVarint(bytes, at, end);
  if (intervalMs < 0 || at + varintLength(intervalMs) !== end) return malformed("slow");
  return { kind: "slow", intervalMs };
}

/** The payload is a view of `bytes`. */
export function decodePart(
  type: PartType,
  bytes: Uint8Array,
  at: number,
  end: number,
): Frame | WireFault {
  const flags = at < end ? (bytes[at] as number) : undefined;
  if (flags === undefined) return malformed(type);
  if (flags > FLAG_MORE) {
    return wireFault("FRAME_INVALID", `${type.toUpperCase()}: reserved flags are set`);
  }
  return { kind: "part", type, more: flags === FLAG_MORE, payload: bytes.subarray(at + 1, end) };
}

/** END: the length of the code, the code, and the reason up to the end of the body. */
export function decodeEnd(bytes: Uint8Array, at: number, end: number): Frame | WireFault {
  const length = readVarint(bytes, at, end);
  if (length < 1 || length > CODE_BYTES_MAX) return malformed("end");
  const codeAt = at + varintLength(length);
  const reasonAt = codeAt + length;
  if (reasonAt > end) return malformed("end");
  const codeBytes = bytes.subarray(codeAt, reasonAt);
  for (const byte of codeBytes) {
    if (byte <= 0x20 || byte >= 0x7f) {
      return wireFault("FRAME_INVALID", "END: the code is not printable ASCII");
    }
  }
  const reason = decodeUtf8(bytes.subarray(reasonAt, end));
  if (reason === undefined) return wireFault("FRAME_INVALID", "END: the reason is not UTF-8");
  return { kind: "end", code: String.fromCharCode(...codeBytes), reason };
}

/** A reason that is too long is cut, since a farewell must not fail for its courtesy. */
export function encodeEndBody(code: string, reason: string): Uint8Array {
  assert(/^[\x21-\x7e]{1,64}$/.test(code), "the code of END is a word of at most 64 characters");
  const reasonBytes = utf8(reason);
  const reasonLength = cutLength(reasonBytes, FAREWELL_BODY_BYTES_MAX - 1 - code.length);
  const body = new Uint8Array(1 + code.length + reasonLength);
  writeVarint(body, 0, code.length);
  body.set(utf8(code), 1);
  body.set(reasonBytes.subarray(0, reasonLength), 1 + code.length);
  return body;
}

/** The greatest length up to `lengthMax` that does not split a character. */
function cutLength(text: Uint8Array, lengthMax: number): number {
  if (text.length <= lengthMax) return text.length;
  let length = lengthMax;
  while (length > 0 && ((text[length] as number) & 0xc0) === 0x80) length -= 1;
  return length;
}

function malformed(type: string): WireFault {
  return wireFault("FRAME_INVALID", `${type.toUpperCase()}: the body is malformed`);
}
