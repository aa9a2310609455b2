/** Last words as the close frame says them (RFC 6455 section 7.4, and the registry it made). */
import type { LastWord } from "../transport.ts";

/** What a close frame says. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** What a close frame may say besides its code. */
const REASON_BYTES_MAX = 123;

/** RFC 6455 section 7.1.5: the number of an end without a close frame. It is never on the wire. */
export const NO_CLOSE_FRAME = 1006;

const NORMAL = 1000;
const GOING_AWAY = 1001;
export const PROTOCOL_ERROR = 1002;
export const UNSUPPORTED = 1003;
export const POLICY = 1008;
export const TOO_BIG = 1009;
const INTERNAL = 1011;
const TRY_AGAIN_LATER = 1013;

const CODES: ReadonlyMap<string, number> = new Map([
  ["CLOSED_BY_PEER", NORMAL],
  ["REPLACED", NORMAL],
  ["DRAINED", GOING_AWAY],
  ["LINE_TOO_LONG", TOO_BIG],
  ["MESSAGE_RECEIVED_TOO_LONG", TOO_BIG],
  ["FRAME_INVALID", PROTOCOL_ERROR],
  ["HELLO_INVALID", PROTOCOL_ERROR],
  ["VERSION_UNSUPPORTED", PROTOCOL_ERROR],
  ["WEBSOCKET_INVALID", PROTOCOL_ERROR],
  ["WRONG_DIALECT", UNSUPPORTED],
  ["HANDSHAKE_TIMEOUT", POLICY],
  ["UNFINISHED_TOO_LONG", POLICY],
  ["PING_FLOOD", POLICY],
  ["UNAUTHORIZED", POLICY],
  ["TURNED_AWAY", POLICY],
  ["CONNECTIONS_MAX", TRY_AGAIN_LATER],
  ["ADDRESS_MAX", TRY_AGAIN_LATER],
  ["ACCEPT_RATE", TRY_AGAIN_LATER],
  ["HANDSHAKES_MAX", TRY_AGAIN_LATER],
  ["SILENT_MAX", TRY_AGAIN_LATER],
  ["OVERLOADED", TRY_AGAIN_LATER],
]);

export function closeCode(code: string): number {
  return CODES.get(code) ?? INTERNAL;
}

/** Our code first, which says more than the number; an orderly end is told by its number alone. */
export function closeReason({ code, reason }: LastWord): string {
  const isPlain = closeCode(code) === NORMAL && code !== "REPLACED";
  const text = isPlain ? reason : `${code}${reason === "" ? "" : `: ${reason}`}`;
  return cut(text, REASON_BYTES_MAX);
}

/** At most so many bytes of UTF-8, cut between two characters. */
function cut(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return new TextDecoder().decode(bytes);
  let end = bytesMax;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
