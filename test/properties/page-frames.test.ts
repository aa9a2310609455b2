/**
 * Promise: a page speaks the same frames as everybody else. What it says and hears is held to the
 * codec of wire/, for whatever comes, right or wrong; and to the vectors of the protocol.
 *
 * Known differences: a message that ends inside a frame is refused, and nobody waits for the rest;
 * fields of WELCOME and GOAWAY that may be missing are not checked, nor how long a text is.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inlet } from "../../src/page/inlet.ts";
import { Lateness } from "../../src/page/lateness.ts";
import {
  ACK,
  CONT,
  END,
  Frames,
  GOAWAY,
  PART_BYTES_MAX as PAGE_PART_BYTES_MAX,
  PING,
  PONG,
  SLOW,
  TEXT,
  WELCOME,
} from "../../src/page/frames.ts";
import type { Instant } from "../../src/base/time.ts";
import { type Frame, PART_BYTES_MAX, type PartType, type WireFault } from "../../src/wire/frame.ts";
import { encodeFrame, FrameDecoder } from "../../src/wire/frame-codec.ts";
import { FRAME_TYPE } from "../../src/wire/frame-types.ts";
import { encodePreface, type Preface } from "../../src/wire/preface.ts";
import { varintLength, writeVarint } from "../../src/wire/varint.ts";
import { hearFrames } from "../support/page-frames.ts";
import { expectSame } from "./wire-feeding.ts";
import { framesFor } from "./wire-frames-at-random.ts";

/** Of one message on a page; the codec knows no messages. */
const MESSAGE_BYTES_MAX = 131_072;

test("the numbers of the types are those of the protocol", () => {
  const { welcome, ping, pong, text, cont, ack, slow, goaway, end } = FRAME_TYPE;
  expect([WELCOME, PING, PONG, TEXT, CONT, ACK, SLOW, GOAWAY, END]).toEqual([
    welcome,
    ping,
    pong,
    text,
    cont,
    ack,
    slow,
    goaway,
    end,
  ]);
  expect(PAGE_PART_BYTES_MAX).toBe(PART_BYTES_MAX);
});

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

/** All that the codec makes of it, as a client. */
function decoded(bytes: Uint8Array): {
  readonly items: (Preface | Frame | WireFault)[];
  readonly isUnfinished: boolean;
} {
  const decoder = new FrameDecoder({ role: "client" });
  decoder.push(bytes);
  const items: (Preface | Frame | WireFault)[] = [];
  for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
    items.push(structuredClone(item));
    if (item.kind === "fault") break;
  }
  return { items, isUnfinished: decoder.pendingBytes > 0 };
}

test("whatever a server says to a client, a page hears the same, in however many messages", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(framesFor("client"), { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      (messages) => {
        const frames = new Frames();
        const said = messages.map((message) => message.map((frame) => encodeFrame(frame)));
        said[0]?.unshift(encodePreface());
        for (const [index, pieces] of said.entries()) {
          const bytes = concat(pieces);
          if (bytes.length > MESSAGE_BYTES_MAX) return;
          expectSame(hearFrames(frames, bytes), messages[index]);
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** The codec may refuse what a page does not look at. */
const NOT_LOOKED_AT = /`(?:networkKey|previous|url)|a text of at most \d+ characters/;

function expectSameJudgement(bytes: Uint8Array): void {
  const { items, isUnfinished } = decoded(bytes);
  const heard = hearFrames(new Frames(), bytes);
  const spoken = items.filter(({ kind }) => kind !== "preface");
  const fault = spoken.at(-1)?.kind === "fault" ? (spoken.pop() as WireFault) : undefined;
  const same = heard.slice(0, spoken.length);
  // The one is quick where payloads are long; the other overlooks fields that nobody asked for.
  if (!isDeepStrictEqual(same, spoken)) expect(same).toMatchObject(spoken);
  const next = heard[spoken.length];
  if (fault !== undefined) {
    if (next?.kind !== "fault" && NOT_LOOKED_AT.test(fault.detail)) return;
    expect(next, fault.detail).toEqual({ kind: "fault", code: fault.code });
  } else if (isUnfinished) expect(next).toMatchObject({ kind: "fault" });
  else expect(heard.length).toBe(spoken.length);
}

test("random bytes are refused by both or by neither, with the same word", () => {
  const bytes = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 40 })).map(([begins, rest]) => {
    return begins ? concat([encodePreface(), rest]) : rest;
  });
  fc.assert(fc.property(bytes, expectSameJudgement), { numRuns: 3_000 });
});

test("spoilt frames are refused by both or by neither, with the same word", () => {
  const spoilt = fc
    .tuple(
      fc.array(framesFor("client"), { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)))),
      fc.option(fc.nat()),
    )
    .map(([frames, strokes, cut]) => {
      const bytes = concat([encodePreface(), ...frames.map((frame) => encodeFrame(frame))]);
      // Most strokes hit the beginning, where the headers are.
      for (const [at, byte] of strokes) bytes[at % Math.min(bytes.length, 60)] = byte;
      return cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
    })
    .filter(({ length }) => length <= MESSAGE_BYTES_MAX);
  fc.assert(fc.property(spoilt, expectSameJudgement), { numRuns: 2_000 });
});

function framed(type: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + varintLength(body.length) + body.length);
  frame[0] = type;
  frame.set(body, writeVarint(frame, 1, body.length));
  return frame;
}

const strange = fc.constantFrom<unknown>(
  undefined,
  null,
  -1,
  0,
  1,
  1.5,
  2 ** 53,
  "",
  "now",
  "soon",
  true,
  [],
  {},
);

test("spoilt fields of WELCOME and GOAWAY are refused by both or by neither", () => {
  const welcome = framesFor("client").filter(({ kind }) => kind === "welcome" || kind === "goaway");
  fc.assert(
    fc.property(welcome, fc.nat(), strange, (frame, index, value) => {
      const isWelcome = frame.kind === "welcome";
      const fields = (isWelcome ? frame.welcome : (frame as { goaway?: object }).goaway) ?? {};
      const names = Object.keys(fields);
      const changed = { ...fields, [names[index % names.length] as string]: value };
      const body = new TextEncoder().encode(JSON.stringify(changed));
      const type = isWelcome ? FRAME_TYPE.welcome : FRAME_TYPE.goaway;
      expectSameJudgement(concat([encodePreface(), framed(type, body)]));
    }),
    { numRuns: 3_000 },
  );
});

test("unknown types are skipped, 64 in a row at most, whatever their length", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 300)), {
        maxLength: 4,
      }),
      fc.constantFrom(0, 12, 63, 64, 65),
      (few, count) => {
        const many = Array.from({ length: count }, () => framed(12, Uint8Array.of(1)));
        const some = few.map(([type, length]) => framed(type, new Uint8Array(length)));
        expectSameJudgement(concat([encodePreface(), ...some, ...many, encodeSlow()]));
      },
    ),
    { numRuns: 1_500 },
  );
  for (const length of [65_535, 65_536, 65_537, 70_000]) {
    expectSameJudgement(concat([encodePreface(), framed(12, new Uint8Array(length))]));
  }
});

function encodeSlow(): Uint8Array {
  return encodeFrame({ kind: "slow", intervalMs: 5 });
}

const wholes = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constantFrom(127, 128, 2 ** 32));

test("of the flags of a part one is known, and any other is refused", () => {
  for (let flags = 0; flags < 256; flags++) {
    for (const rest of [[], [1], [0, 0]]) {
      const body = Uint8Array.of(flags, ...rest);
      expectSameJudgement(concat([encodePreface(), framed(FRAME_TYPE.text, body)]));
    }
  }
});

test("whatever a page says, a server hears the same", () => {
  const messages = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom(0, 1, 65_534, 65_535, 65_536, 131_070, 131_071).map((length) => {
      return new Uint8Array(length).fill(7);
    }),
  );
  const code = fc.stringMatching(/^[!-~]{1,64}$/);
  fc.assert(
    fc.property(messages, wholes, wholes, code, fc.string(), (data, a, b, word, reason) => {
      const frames = new Frames();
      const about = { agent: "a", intervalMsMin: 1, intervalMsMax: 2, nextMs: a };
      const hello = { ...about, messageBytesMax: 1 };
      const body = typeof data === "string" ? new TextEncoder().encode(data) : data;
      const said = [frames.hello({ ...hello, token: undefined, previous: undefined })];
      const seq = Math.max(1, a);
      said.push(frames.ping(seq, b), frames.pong(seq, b), frames.ack(a, b));
      const parts: Uint8Array[] = [];
      for (let at = 0; at === 0 || at < body.length; at += PART_BYTES_MAX) {
        said.push(frames.part(data, body, at));
        parts.push(body.slice(at, at + PART_BYTES_MAX));
      }
      said.push(frames.end(word, reason));
      const decoder = new FrameDecoder({ role: "server" });
      const heard: unknown[] = [];
      for (const bytes of said) {
        decoder.push(bytes);
        for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
          heard.push(structuredClone(item));
        }
      }
      expect(decoder.pendingBytes).toBe(0);
      expectSame(heard, [
        { kind: "preface", version: 1 },
        { kind: "hello", hello },
        { kind: "ping", seq, nextMs: b },
        { kind: "pong", seq, nextMs: b },
        { kind: "ack", messages: a, partBytes: b },
        ...parts.map((payload, index) => ({
          kind: "part",
          type: index > 0 ? "cont" : typeof data === "string" ? "text" : "binary",
          more: index < parts.length - 1,
          payload,
        })),
        { kind: "end", code: word, reason },
      ]);
    }),
    { numRuns: 200 },
  );
});

interface Vectors {
  readonly varint: {
    readonly valid: readonly { readonly value: number; readonly hex: string }[];
    readonly invalid: readonly { readonly name: string; readonly hex: string }[];
    readonly unfinished: readonly string[];
  };
  readonly preface: readonly {
    readonly name: string;
    readonly role: string;
    readonly hex: string;
    readonly fault?: string;
    readonly pendingBytes?: number;
  }[];
  readonly frame: readonly {
    readonly name: string;
    readonly role: string;
    readonly hex: string;
    readonly fault?: string;
    readonly key?: string;
    readonly pendingBytes?: number;
    readonly frame?: { readonly kind: string; readonly payloadHex?: string };
  }[];
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

const path = new URL("../../docs/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** A PING with this number, as a client hears it. */
function heardInPing(hex: string): unknown {
  const ping = framed(FRAME_TYPE.ping, fromHex(`01${hex}`));
  return hearFrames(new Frames(), concat([encodePreface(), ping]));
}

describe("the vectors of the protocol", () => {
  test.each(vectors.varint.valid)("varint: $value is $hex", ({ value, hex }) => {
    expect(heardInPing(hex)).toEqual([{ kind: "ping", seq: 1, nextMs: value }]);
  });

  const wrong = [...vectors.varint.invalid.map(({ hex }) => hex), ...vectors.varint.unfinished];
  test.each(wrong)("no varint: %s", (hex) => {
    expect(heardInPing(hex)).toEqual([{ kind: "fault", code: "FRAME_INVALID" }]);
  });

  const prefaces = vectors.preface.filter(({ role }) => role === "client");
  test.each(prefaces)("preface: $name", ({ hex, fault }) => {
    const expected = fault === undefined ? [] : [{ kind: "fault", code: fault }];
    expect(hearFrames(new Frames(), fromHex(hex))).toEqual(expected);
  });

  const frames = vectors.frame.filter(({ role, key = "" }) => {
    return role === "client" && !/^(?:networkKey|previous|url)/.test(key);
  });
  test.each(frames)("frame: $name", ({ hex, fault, pendingBytes, frame }) => {
    const heard = hearFrames(new Frames(), concat([encodePreface(), fromHex(hex)]));
    const code = fault ?? (pendingBytes === undefined ? undefined : "FRAME_INVALID");
    if (code !== undefined) expect(heard).toEqual([{ kind: "fault", code }]);
    else if (frame === undefined) expect(heard).toEqual([]);
    else {
      const { payloadHex, ...rest } = frame;
      const payload = payloadHex === undefined ? {} : { payload: fromHex(payloadHex) };
      expect(heard).toMatchObject([{ ...rest, ...payload }]);
    }
  });

  test.each(vectors.message)("message: $name", ({ messageBytesMax, parts, ...expected }) => {
    const inlet = new Inlet(messageBytesMax, new Lateness(250), 60_000);
    const assemble = (): unknown[] =>
      parts.map(({ type, more, payloadHex }) => {
        const isText = type === "cont" ? undefined : type === "text";
        return inlet.part(isText, more, fromHex(payloadHex), 0 as Instant);
      });
    const { fault, text, bytesHex } = expected;
    if (fault !== undefined) expect(assemble).toThrow(expect.objectContaining({ code: fault }));
    else expect(assemble().at(-1)).toEqual(text ?? fromHex(bytesHex ?? ""));
  });
});
