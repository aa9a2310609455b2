/**
 * The frame dialect as bytes: a preface once, then frames of type, length and body.
 *
 * A header is judged as soon as it can be read: a forbidden type or length never makes the decoder
 * wait, or hold memory, for its body. The decoder knows the form of each frame and who may send
 * it; which frame may come when is for the connection to know (HELLO first, END last).
 * docs/protocol.md is normative.
 */
import { assert } from "../base/assert.ts";
import {
  decodeEnd,
  decodePair,
  decodePart,
  decodeSlow,
  encodeEndBody,
  FLAG_MORE,
} from "./control-bodies.ts";
import { wireFault } from "./fault.ts";
import {
  FRAME_BODY_BYTES_MAX,
  type Frame,
  PART_BYTES_MAX,
  type PartType,
  type WireFault,
} from "./frame.ts";
import {
  decodeGoAway,
  decodeHello,
  decodeWelcome,
  encodeGoAway,
  encodeHello,
  encodeWelcome,
} from "./frame-bodies.ts";
import {
  FRAME_TYPE,
  type FrameRole,
  type FrameRule,
  frameRule,
  MANDATORY_TYPE_MIN,
  SKIPPED_IN_ROW_MAX,
} from "./frame-types.ts";
import { type Preface, readPreface, PREFACE_BYTES } from "./preface.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import { readVarint, VARINT_UNFINISHED, varintLength, writeVarint } from "./varint.ts";

/** No length that is allowed needs more. */
const LENGTH_BYTES_MAX = 3;
const FRAME_HEADER_BYTES_MAX: number = 1 + LENGTH_BYTES_MAX;

export interface FrameDecoderConfig {
  /** The role of the side that decodes. */
  readonly role: FrameRole;
}

export class FrameDecoder {
  readonly #role: FrameRole;
  readonly #buffer = new ReceiveBuffer(FRAME_HEADER_BYTES_MAX + FRAME_BODY_BYTES_MAX);
  #hasPreface = false;
  #skippedInRow = 0;
  #fault: WireFault | undefined;
  #isReleased = false;

  constructor(config: FrameDecoderConfig) {
    this.#role = config.role;
  }

  /** Bytes of a preface or frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#buffer.length;
  }

  /** Takes bytes that are lent: call `next` until it is dry before they are taken back. */
  push(lent: Uint8Array): void {
    if (this.#fault === undefined && !this.#isReleased) this.#buffer.push(lent);
  }

  /**
   * The preface first, then frame after frame; undefined when nothing is complete; a fault for ever
   * once there was one. The payload of a part is a view: use it before the pushed bytes are taken
   * back, and before the next `push`.
   */
  next(): Preface | Frame | WireFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const item = this.#hasPreface ? this.#nextFrame() : this.#nextPreface();
    if (item === undefined) {
      this.#buffer.keep();
    } else if (item.kind === "fault") {
      this.#fault = item;
      this.#buffer.release();
    }
    return item;
  }

  /** Lets all memory go; every later input is ignored. */
  release(): void {
    this.#isReleased = true;
    this.#buffer.release();
  }

  #nextPreface(): Preface | WireFault | undefined {
    const { bytes, start, end } = this.#buffer;
    const preface = readPreface(bytes, start, end, this.#role);
    if (preface?.kind !== "preface") return preface;
    this.#buffer.skip(PREFACE_BYTES);
    this.#hasPreface = true;
    return preface;
  }

  #nextFrame(): Frame | WireFault | undefined {
    const buffer = this.#buffer;
    while (buffer.length > 0) {
      const { bytes, start, end } = buffer;
      const typeNumber = bytes[start] as number;
      const rule = frameRule(typeNumber);
      const refusal = this.#refuseType(typeNumber, rule);
      if (refusal !== undefined) return refusal;

      const headerEnd = Math.min(end, start + FRAME_HEADER_BYTES_MAX);
      const length = readVarint(bytes, start + 1, headerEnd);
      const mayGoOn = headerEnd - start < FRAME_HEADER_BYTES_MAX;
      if (length === VARINT_UNFINISHED && mayGoOn) return undefined;
      if (length < 0 || length > (rule?.bodyBytesMax ?? FRAME_BODY_BYTES_MAX)) {
        return wireFault("FRAME_INVALID", `${nameOf(typeNumber)}: the length is not allowed`);
      }
      const bodyAt = start + 1 + varintLength(length);
      const bodyEnd = bodyAt + length;
      if (bodyEnd > end) return undefined;
      buffer.skip(bodyEnd - start);
      if (rule !== undefined) {
        this.#skippedInRow = 0;
        return decodeBody(rule, bytes, bodyAt, bodyEnd);
      }
      this.#skippedInRow += 1;
    }
    return undefined;
  }

  #refuseType(typeNumber: number, rule: FrameRule | undefined): WireFault | undefined {
    if (rule !== undefined) {
      if (rule.to === "both" || rule.to === this.#role) return undefined;
      return wireFault("FRAME_INVALID", `${rule.name}: a ${this.#role} never receives it`);
    }
    if (typeNumber >= MANDATORY_TYPE_MIN) {
      return wireFault("FRAME_INVALID", `${nameOf(typeNumber)}: not known here, and mandatory`);
    }
    if (this.#skippedInRow < SKIPPED_IN_ROW_MAX) return undefined;
    return wireFault("FRAME_INVALID", `more than ${SKIPPED_IN_ROW_MAX} unknown frames in a row`);
  }
}

function nameOf(typeNumber: number): string {
  return frameRule(typeNumber)?.name ?? `type 0x${typeNumber.toString(16).padStart(2, "0")}`;
}

function decodeBody(
  rule: FrameRule,
  bytes: Uint8Array,
  at: number,
  end: number,
): Frame | WireFault {
  const { type } = rule;
  switch (type) {
    case "ping":
    case "pong":
    case "ack":
      return decodePair(type, bytes, at, end);
    case "text":
    case "binary":
    case "cont":
      return decodePart(type, bytes, at, end);
    case "slow":
      return decodeSlow(bytes, at, end);
    case "end":
      return decodeEnd(bytes, at, end);
    case "hello": {
      const hello = decodeHello(bytes.subarray(at, end));
      return "kind" in hello ? hello : { kind: "hello", hello };
    }
    case "welcome": {
      const welcome = decodeWelcome(bytes.subarray(at, end));
      return "kind" in welcome ? welcome : { kind: "welcome", welcome };
    }
    case "goaway": {
      const goaway = decodeGoAway(bytes.subarray(at, end));
      return "kind" in goaway ? goaway : { kind: "goaway", goaway };
    }
    default:
      return type satisfies never;
  }
}

/** The whole frame in one array. What does not fit into a frame is a bug of the caller. */
export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case "hello":
      return withHeader(FRAME_TYPE.hello, encodeHello(frame.hello));
    case "welcome":
      return withHeader(FRAME_TYPE.welcome, encodeWelcome(frame.welcome));
    case "ping":
      return encodePing(frame.seq, frame.nextMs);
    case "pong":
      return encodePong(frame.seq, frame.nextMs);
    case "part":
      return encodePart(frame.type, frame.more, frame.payload);
    case "ack":
      return encodePair(FRAME_TYPE.ack, frame.messages, frame.partBytes);
    case "slow":
      return encodeSlow(frame.intervalMs);
    case "goaway":
      return withHeader(FRAME_TYPE.goaway, encodeGoAway(frame.goaway));
    case "end":
      return withHeader(FRAME_TYPE.end, encodeEndBody(frame.code, frame.reason));
    default:
      return frame satisfies never;
  }
}

export function encodePing(seq: number, nextMs: number): Uint8Array {
  assert(seq > 0, "the seq of a ping begins at 1");
  return encodePair(FRAME_TYPE.ping, seq, nextMs);
}

export function encodePong(seq: number, nextMs: number): Uint8Array {
  assert(seq > 0, "the seq of a ping begins at 1");
  return encodePair(FRAME_TYPE.pong, seq, nextMs);
}

/** One part of a message, with a payload of at most `PART_BYTES_MAX`; the payload is copied. */
export function encodePart(type: PartType, more: boolean, payload: Uint8Array): Uint8Array {
  assert(payload.length <= PART_BYTES_MAX, "a part fits into its frame");
  const length = 1 + payload.length;
  const frame = new Uint8Array(1 + varintLength(length) + length);
  frame[0] = FRAME_TYPE[type];
  const bodyAt = writeVarint(frame, 1, length);
  frame[bodyAt] = more ? FLAG_MORE : 0;
  frame.set(payload, bodyAt + 1);
  return frame;
}

function encodePair(type: number, first: number, second: number): Uint8Array {
  const length = varintLength(first) + varintLength(second);
  const frame = new Uint8Array(2 + length);
  frame[0] = type;
  frame[1] = length; // At most 16: a varint of one byte.
  writeVarint(frame, writeVarint(frame, 2, first), second);
  return frame;
}

function encodeSlow(intervalMs: number): Uint8Array {
  const frame = new Uint8Array(2 + varintLength(intervalMs));
  frame[0] = FRAME_TYPE.slow;
  frame[1] = frame.length - 2;
  writeVarint(frame, 2, intervalMs);
  return frame;
}

function withHeader(type: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + varintLength(body.length) + body.length);
  frame[0] = type;
  frame.set(body, writeVarint(frame, 1, body.length));
  return frame;
}
