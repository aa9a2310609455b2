/** Runs docs/protocol-vectors.json, as an implementation in another language would. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { dialectOf } from "../../src/wire/dialect.ts";
import type { Frame, PartType } from "../../src/wire/frame.ts";
import { encodeFrame, FrameDecoder } from "../../src/wire/frame-codec.ts";
import type { FrameRole } from "../../src/wire/frame-types.ts";
import { LineCodec } from "../../src/wire/line-codec.ts";
import { encodeLine, lineWords } from "../../src/wire/line-words.ts";
import { MessageAssembler } from "../../src/wire/message-assembler.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import {
  readVarint,
  VARINT_INVALID,
  VARINT_UNFINISHED,
  varintLength,
  writeVarint,
} from "../../src/wire/varint.ts";
import { type Codec, everyByteAlone, feed, feedWhole } from "./wire-feeding.ts";

interface Expected {
  readonly name: string;
  readonly hex: string;
  readonly fault?: string;
  readonly key?: string;
  readonly pendingBytes?: number;
}

interface Vectors {
  readonly varint: {
    readonly valid: readonly { readonly value: number; readonly hex: string }[];
    readonly invalid: readonly { readonly name: string; readonly hex: string }[];
    readonly unfinished: readonly string[];
  };
  readonly line: readonly (Expected & {
    readonly ping: string;
    readonly pong: string | false;
    readonly lineBytesMax: number;
    readonly events: readonly { readonly kind: string; readonly text?: string }[];
  })[];
  readonly preface: readonly (Expected & { readonly role: FrameRole; readonly version?: number })[];
  readonly dialect: readonly { readonly hex: string; readonly dialect: string }[];
  readonly frame: readonly (Expected & {
    readonly role: FrameRole;
    readonly frame?: JsonFrame;
    readonly canonical?: boolean;
  })[];
  readonly message: readonly {
    readonly name: string;
    readonly messageBytesMax: number;
    readonly parts: readonly {
      readonly type: PartType;
      readonly more: boolean;
      readonly payloadHex: string;
    }[];
    readonly text?: string;
    readonly bytesHex?: string;
    readonly fault?: string;
  }[];
}

type JsonFrame = { readonly kind: string; readonly payloadHex?: string };

const path = new URL("../../docs/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;

/** Feeds whole and byte by byte; both must say the same, and leave the same behind. */
function heardBothWays<T extends { readonly kind: string }>(
  make: () => Codec<T>,
  bytes: Uint8Array,
  expected: Expected,
): T[] {
  const whole = make();
  const single = make();
  const heard = feedWhole(whole, bytes);
  expect(feed(single, bytes, everyByteAlone())).toEqual(heard);
  expect(whole.pendingBytes).toBe(expected.pendingBytes ?? 0);
  expect(single.pendingBytes).toBe(expected.pendingBytes ?? 0);
  return heard;
}

describe("varint", () => {
  test.each(vectors.varint.valid)("$value is $hex", ({ value, hex }) => {
    const bytes = fromHex(hex);
    expect(readVarint(bytes, 0, bytes.length)).toBe(value);
    expect(varintLength(value)).toBe(bytes.length);
    const written = new Uint8Array(bytes.length);
    expect(writeVarint(written, 0, value)).toBe(bytes.length);
    expect(written).toEqual(bytes);
  });

  test.each(vectors.varint.invalid)("$name", ({ hex }) => {
    const bytes = fromHex(hex);
    expect(readVarint(bytes, 0, bytes.length)).toBe(VARINT_INVALID);
  });

  test.each(vectors.varint.unfinished)("unfinished: %s", (hex) => {
    const bytes = fromHex(hex);
    expect(readVarint(bytes, 0, bytes.length)).toBe(VARINT_UNFINISHED);
  });
});

describe("line", () => {
  test.each(vectors.line)("$name", (vector) => {
    const words = lineWords(vector.ping, vector.pong);
    const make = () => new LineCodec(words, vector.lineBytesMax);
    const heard = heardBothWays(make, fromHex(vector.hex), vector);
    const fault = vector.fault === undefined ? [] : [{ kind: "fault", code: vector.fault }];
    expect(heard).toMatchObject([...vector.events, ...fault]);
    expect(heard).toHaveLength(vector.events.length + fault.length);
  });

  test("words and valid texts are written as they are read", () => {
    const words = lineWords("ping", "pong");
    expect([toHex(words.pingBytes), toHex(words.pongBytes || new Uint8Array(0))]).toEqual([
      "70696e670a",
      "706f6e670a",
    ]);
    expect(toHex(encodeLine("é🐎"))).toBe("c3a9f09f908e0a");
  });
});

describe("preface", () => {
  test.each(vectors.preface)("$name", (vector) => {
    const { role, version, fault, hex } = vector;
    const heard = heardBothWays(() => new FrameDecoder({ role }), fromHex(hex), vector);
    if (fault !== undefined) expect(heard).toMatchObject([{ kind: "fault", code: fault }]);
    else expect(heard).toEqual(version === undefined ? [] : [{ kind: "preface", version }]);
    if (version !== undefined) expect(toHex(encodePreface(version))).toBe(hex);
  });

  test.each(vectors.dialect)("$hex begins: $dialect", ({ hex, dialect }) => {
    expect(dialectOf(fromHex(hex)[0] as number)).toBe(dialect);
  });
});

describe("frame", () => {
  test.each(vectors.frame)("$name", (vector) => {
    const { role, frame, fault, hex, key } = vector;
    const make = () => {
      const decoder = new FrameDecoder({ role });
      decoder.push(encodePreface());
      expect(decoder.next()).toMatchObject({ kind: "preface" });
      return decoder;
    };
    const heard = heardBothWays(make, fromHex(hex), vector);
    if (fault !== undefined) {
      expect(heard).toMatchObject([{ kind: "fault", code: fault }]);
      expect(heard[0]).toHaveProperty("detail", expect.stringContaining(key ? `\`${key}\`` : ""));
    } else {
      expect(heard).toEqual(frame === undefined ? [] : [fromJson(frame)]);
    }
    if (vector.canonical && frame) expect(toHex(encodeFrame(fromJson(frame)))).toBe(hex);
  });
});

describe("message", () => {
  test.each(vectors.message)("$name", ({ messageBytesMax, parts, text, bytesHex, fault }) => {
    const assembler = new MessageAssembler(messageBytesMax);
    const heard = parts.map(({ type, more, payloadHex }) =>
      assembler.part(type, more, fromHex(payloadHex)),
    );
    const last = heard.at(-1);
    if (fault !== undefined) expect(last).toMatchObject({ kind: "fault", code: fault });
    else if (text !== undefined) expect(last).toMatchObject({ kind: "message", message: text });
    else expect(last).toMatchObject({ kind: "message", message: fromHex(bytesHex ?? "") });
  });
});

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

/** A frame as the vectors write it; only payloads look different. */
function fromJson(json: JsonFrame): Frame {
  const { payloadHex, ...rest } = json;
  const frame = payloadHex === undefined ? rest : { ...rest, payload: fromHex(payloadHex) };
  return frame as unknown as Frame;
}
