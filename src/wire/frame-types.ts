/**
 * The numbers of the frame types, who may receive each, and how long its body may be.
 *
 * A frame is its type (1 byte), the length of its body (varint) and the body. Numbers below 0x80
 * that are not in this table are skipped, so that a later version can say more to whoever listens;
 * those from 0x80 on must be understood, and so end the connection.
 */
import { FRAME_BODY_BYTES_MAX, type FrameKind, type PartType } from "./frame.ts";

export type FrameRole = "client" | "server";

export const FRAME_TYPE = {
  hello: 1,
  welcome: 2,
  ping: 3,
  pong: 4,
  text: 5,
  binary: 6,
  cont: 7,
  ack: 8,
  slow: 9,
  goaway: 10,
  end: 11,
} as const;

/** Types from here on must be understood. */
export const MANDATORY_TYPE_MIN = 0x80;

/** How many unknown frames in a row are skipped; a peer that sends more says nothing to us. */
export const SKIPPED_IN_ROW_MAX = 64;

export const HANDSHAKE_BODY_BYTES_MAX: number = 16 * 1024;
export const FAREWELL_BODY_BYTES_MAX: number = 2 * 1024;
/** Two varints. */
const CONTROL_BODY_BYTES_MAX = 16;
/** One varint. */
const SLOW_BODY_BYTES_MAX = 8;

export interface FrameRule {
  readonly name: string;
  readonly type: Exclude<FrameKind, "part"> | PartType;
  readonly bodyBytesMax: number;
  /** Who may receive it. */
  readonly to: FrameRole | "both";
}

const RULES: readonly (FrameRule | undefined)[] = [
  undefined,
  rule("hello", HANDSHAKE_BODY_BYTES_MAX, "server"),
  rule("welcome", HANDSHAKE_BODY_BYTES_MAX, "client"),
  rule("ping", CONTROL_BODY_BYTES_MAX, "both"),
  rule("pong", CONTROL_BODY_BYTES_MAX, "both"),
  rule("text", FRAME_BODY_BYTES_MAX, "both"),
  rule("binary", FRAME_BODY_BYTES_MAX, "both"),
  rule("cont", FRAME_BODY_BYTES_MAX, "both"),
  rule("ack", CONTROL_BODY_BYTES_MAX, "both"),
  rule("slow", SLOW_BODY_BYTES_MAX, "both"),
  rule("goaway", FAREWELL_BODY_BYTES_MAX, "client"),
  rule("end", FAREWELL_BODY_BYTES_MAX, "both"),
];

/** The rule of a number on the wire; undefined for one that this version does not know. */
export function frameRule(typeNumber: number): FrameRule | undefined {
  return RULES[typeNumber];
}

function rule(type: FrameRule["type"], bodyBytesMax: number, to: FrameRule["to"]): FrameRule {
  return { name: type.toUpperCase(), type, bodyBytesMax, to };
}
