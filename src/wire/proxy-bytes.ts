/** Bytes of a PROXY header, and how they are shown to people. Pure. */
import { printable } from "../base/printable.ts";

const decoder = new TextDecoder();

/** With U+FFFD for what is no UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Whether `head` is, or may become, what begins with `beginning`. */
export function beginsWith(head: Uint8Array, beginning: Uint8Array): boolean {
  const length = Math.min(head.length, beginning.length);
  for (let at = 0; at < length; at++) if (head[at] !== beginning[at]) return false;
  return true;
}

/** As many as a sentence can bear. */
const SHOWN_BYTES_MAX = 24;

/** Text in quotes, anything else in hexadecimal. Safe to print. */
export function shownBytes(bytes: Uint8Array): string {
  const first = bytes.subarray(0, SHOWN_BYTES_MAX);
  const more = bytes.length > first.length ? "…" : "";
  const isText = first.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 10 || byte === 13);
  if (isText) return `"${printable(textOf(first))}${more}"`;
  const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, "0"));
  return `the bytes ${hex.join(" ")}${more}`;
}

export function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return uint16At(bytes, at) * 0x10000 + uint16At(bytes, at + 2);
}

/** What came of a header that did not come whole. */
export function shownHead(head: Uint8Array): string {
  return head.length === 0 ? "nothing" : `only ${shownBytes(head)}`;
}
