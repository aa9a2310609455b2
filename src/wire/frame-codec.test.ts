import { expect, test } from "vitest";
import type { Frame, GoAway, Hello, WireFault } from "./frame.ts";
import { encodeFrame, encodePart, encodePing, FrameDecoder } from "./frame-codec.ts";
import { FRAME_TYPE, type FrameRole } from "./frame-types.ts";
import { encodePreface, type Preface } from "./preface.ts";
import { writeVarint } from "./varint.ts";

type Item = Preface | Frame | WireFault | undefined;

const HELLO: Hello = {
  agent: "test",
  intervalMsMin: 1_000,
  intervalMsMax: 60_000,
  nextMs: 30_000,
  messageBytesMax: 1_000,
};

/** What a decoder that has seen the preface says of these bytes. */
function decode(role: FrameRole, bytes: Uint8Array): Item {
  return opened(role, bytes).next();
}

function opened(role: FrameRole, bytes: Uint8Array): FrameDecoder {
  const decoder = new FrameDecoder({ role });
  decoder.push(encodePreface());
  decoder.next();
  decoder.push(bytes);
  return decoder;
}

function jsonFrame(type: number, body: string): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const frame = new Uint8Array(4 + bytes.length);
  frame[0] = type;
  const at = writeVarint(frame, 1, bytes.length);
  frame.set(bytes, at);
  return frame.subarray(0, at + bytes.length);
}

test.each([
  ["not JSON", `{"token":"SECRET-1",`],
  ["of the wrong type", `{"token":["SECRET-1"]}`],
  ["beside a wrong key", JSON.stringify({ ...HELLO, token: "SECRET-1", nextMs: "SECRET-1" })],
  ["too long", JSON.stringify({ ...HELLO, token: `SECRET-1${"x".repeat(8_192)}` })],
  ["half a surrogate pair", JSON.stringify({ ...HELLO, token: "SECRET-1\ud800" })],
])("a token that is %s appears in no fault", (_what, body) => {
  const fault = decode("server", jsonFrame(FRAME_TYPE.hello, body));
  expect(fault).toMatchObject({ kind: "fault", code: "HELLO_INVALID" });
  expect(JSON.stringify(fault)).not.toContain("SECRET");
});

test("what a peer inherits from nobody is not read: __proto__ is a key as any other", () => {
  const body = `{"__proto__":${JSON.stringify(HELLO)},"constructor":{},"toString":1}`;
  expect(decode("server", jsonFrame(FRAME_TYPE.hello, body))).toMatchObject({
    code: "HELLO_INVALID",
    detail: "HELLO: `agent` is missing",
  });
  const pollution = `{"__proto__":{"polluted":true},${JSON.stringify(HELLO).slice(1)}`;
  const frame = decode("server", jsonFrame(FRAME_TYPE.hello, pollution));
  expect(frame).toStrictEqual({ kind: "hello", hello: HELLO });
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("what others hung on every object is not taken for the peer's word", () => {
  Reflect.defineProperty(Object.prototype, "token", { value: "stray", configurable: true });
  try {
    expect(decode("server", jsonFrame(FRAME_TYPE.hello, JSON.stringify(HELLO)))).toStrictEqual({
      kind: "hello",
      hello: HELLO,
    });
  } finally {
    Reflect.deleteProperty(Object.prototype, "token");
  }
});

test("deeply nested JSON is refused or ignored, never a crash", () => {
  const nested = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
  expect(decode("server", jsonFrame(FRAME_TYPE.hello, nested))).toMatchObject({
    code: "HELLO_INVALID",
  });
});

test("only listed fields travel", () => {
  const previous = { id: "i", secret: "s" };
  const careless = { ...HELLO, extra: 1, previous: { ...previous, extra: 1 } };
  const bytes = encodeFrame({ kind: "hello", hello: careless });
  expect(new TextDecoder().decode(bytes)).not.toContain("extra");
  expect(decode("server", bytes)).toStrictEqual({ kind: "hello", hello: { ...HELLO, previous } });
});

test("a part is a view of what was pushed, not a copy", () => {
  const bytes = encodePart("binary", false, Uint8Array.of(1, 2, 3));
  const part = decode("server", bytes);
  expect(part).toMatchObject({ kind: "part", payload: Uint8Array.of(1, 2, 3) });
  expect(part?.kind === "part" && part.payload.buffer).toBe(bytes.buffer);
});

test.each([
  ["DRAINED", 1_020], // 2,040 bytes are left, which is no half of a character.
  ["DRAINING", 1_019], // 2,039 are.
])("a long reason of END %s is cut between characters", (code, characters) => {
  const bytes = encodeFrame({ kind: "end", code, reason: "é".repeat(2_000) });
  expect(decode("client", bytes)).toEqual({ kind: "end", code, reason: "é".repeat(characters) });
});

test("a long reason of GOAWAY is cut, whatever it takes as JSON", () => {
  const goaway: GoAway = { reason: "", retry: "after", afterMs: 1, spreadMs: 2, url: "tcp://b:1" };
  for (const character of ["x", "\u0000", "🐎", "\ud800"]) {
    const reason = character.repeat(3_000);
    const frame = decode("client", encodeFrame({ kind: "goaway", goaway: { ...goaway, reason } }));
    const got = frame?.kind === "goaway" ? frame.goaway : undefined;
    expect(got).toMatchObject(goaway.url === undefined ? {} : { url: goaway.url, afterMs: 1 });
    expect(got?.reason.length).toBeGreaterThan(150);
  }
});

test("what does not fit is a bug of ours when it is written", () => {
  const long = { ...HELLO, token: "x".repeat(17_000) };
  expect(() => encodeFrame({ kind: "hello", hello: long })).toThrow("broken promise");
  expect(() => encodePart("text", false, new Uint8Array(65_536))).toThrow("broken promise");
  expect(() => encodePing(0, 1)).toThrow("broken promise");
  expect(() => encodePing(1, -1)).toThrow("broken promise");
  expect(() => encodeFrame({ kind: "end", code: "A B", reason: "" })).toThrow("broken promise");
});

test("a length that is announced costs no memory", () => {
  const decoder = opened("server", Uint8Array.of(FRAME_TYPE.binary, 0x80, 0x80, 0x04));
  expect(decoder.next()).toBeUndefined();
  expect(decoder.pendingBytes).toBe(4);
});

test.each([
  ["not in its shortest form", Uint8Array.of(FRAME_TYPE.ping, 0x82, 0), "PING"],
  ["that does not end", Uint8Array.of(FRAME_TYPE.binary, 0xff, 0xff, 0xff), "BINARY"],
  ["of an unknown frame, not in its shortest form", Uint8Array.of(12, 0x80, 0), "type 0x0c"],
  ["of an unknown frame, that does not end", Uint8Array.of(12, 0xff, 0xff, 0xff), "type 0x0c"],
])("a length %s is refused as a length", (_what, bytes, name) => {
  const detail = `${name}: the length is not allowed`;
  expect(decode("server", bytes)).toMatchObject({ code: "FRAME_INVALID", detail });
});

test("a known frame starts the count of skipped ones anew", () => {
  const decoder = opened("server", new Uint8Array(2 * 64));
  expect(decoder.next()).toBeUndefined();
  decoder.push(encodePing(1, 0));
  expect(decoder.next()).toMatchObject({ kind: "ping" });
  decoder.push(new Uint8Array(2 * 64));
  expect(decoder.next()).toBeUndefined();
  decoder.push(new Uint8Array(1));
  expect(decoder.next()).toMatchObject({ kind: "fault", code: "FRAME_INVALID" });
});

test("every type number is known, skipped or refused, each by its rule", () => {
  const seen = { known: 0, skipped: 0, refused: 0 };
  for (let type = 0; type < 256; type++) {
    const decoder = opened("server", Uint8Array.of(type));
    const item = decoder.next();
    if (item !== undefined) {
      expect(item).toMatchObject({ kind: "fault", code: "FRAME_INVALID" });
      seen.refused += 1;
      continue;
    }
    decoder.push(Uint8Array.of(0)); // No body: too short for each known frame.
    seen[decoder.next() === undefined ? "skipped" : "known"] += 1;
  }
  expect(seen).toEqual({ known: 9, skipped: 128 - 11, refused: 128 + 2 });
});

test("after release every input is ignored", () => {
  const decoder = opened("server", Uint8Array.of(FRAME_TYPE.ping));
  decoder.next();
  decoder.release();
  decoder.push(encodePing(1, 0));
  expect([decoder.next(), decoder.pendingBytes]).toEqual([undefined, 0]);
});
