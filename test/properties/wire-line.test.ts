/** The line codec against the plainest model of it, under any bytes, cut in any way. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import { LineCodec } from "../../src/wire/line-codec.ts";
import { encodeLine, isLine, type LineWords, lineWords } from "../../src/wire/line-words.ts";
import {
  chunking,
  countCopied,
  countSearched,
  everyByteAlone,
  feed,
  feedWhole,
} from "./wire-feeding.ts";

const LINE_BYTES_MAX = 24;
const WORDS = lineWords("ping", "pong");
const OTHER_WORDS = [WORDS, lineWords("", "ok"), lineWords("é", false), lineWords("pong", "ping")];

/** Lines, halves of lines, and noise. */
const piece: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .constantFrom(
      "ping\n",
      "ping\r\n",
      "pong\n",
      "pong\r\n",
      "pin",
      "g\n",
      "\n",
      "\r\n",
      "\r",
      "ok\n",
    )
    .map(utf8),
  fc.constantFrom("é\n", "é\r\n", "\ufeff", "\ufffd\n", "ping\r\r\n").map(utf8),
  fc.string({ unit: "grapheme", maxLength: 9 }).map(utf8),
  fc.uint8Array({ maxLength: 8 }),
);
const stream = fc
  .array(piece, { maxLength: 40 })
  .map((pieces) => concatBytes([...pieces, utf8("")]));

test("any bytes, cut in any way: what the plainest model says, and nothing is thrown", () => {
  const check = (bytes: Uint8Array, words: LineWords, chunks: Iterable<number>): void => {
    const expected = model(bytes, words);
    for (const lengths of [[bytes.length], everyByteAlone(), chunks]) {
      const codec = new LineCodec(words, LINE_BYTES_MAX);
      const heard = feed(codec, bytes, lengths);
      expect(heard.map((event) => (event.kind === "fault" ? event.code : event))).toEqual(
        expected.heard,
      );
      expect(codec.pendingBytes).toBe(expected.pendingBytes);
    }
  };
  const words = fc.constantFrom(...OTHER_WORDS);
  fc.assert(fc.property(stream, words, chunking, check), { numRuns: 2_000 });
});

test("every text that may be sent arrives as it is, between other lines", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 }).filter((one) => isLine(one, WORDS));
  const check = (texts: string[], chunks: Iterable<number>): void => {
    const codec = new LineCodec(WORDS, 2_000);
    const lines = texts.flatMap((one) => [WORDS.pingBytes, encodeLine(one)]);
    const expected = texts.flatMap((one) => [
      { kind: "ping" },
      // Half a surrogate pair cannot be written as UTF-8.
      {
        kind: "text",
        text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8(one)),
        replaced: false,
      },
    ]);
    expect(feed(codec, concatBytes([...lines, utf8("")]), chunks)).toEqual(expected);
  };
  fc.assert(fc.property(fc.array(text, { maxLength: 6 }), chunking, check), { numRuns: 300 });
});

test("work is linear: a line of 1 MiB, byte by byte, is copied three times at most", () => {
  const bytes = new Uint8Array(1024 * 1024 + 1).fill(0x61);
  bytes[bytes.length - 1] = 0x0a;
  const codec = new LineCodec(WORDS, 1024 * 1024);
  let text = "";
  const copied = countCopied(() => {
    for (let at = 0; at < bytes.length; at++) {
      codec.push(bytes.subarray(at, at + 1));
      const event = codec.next();
      if (event?.kind === "text") ({ text } = event);
    }
  });
  expect(text).toHaveLength(1024 * 1024);
  expect(copied).toBeGreaterThan(bytes.length); // Otherwise the counter counts nothing.
  expect(copied).toBeLessThan(3 * bytes.length);
});

test("searching is linear, too, when a long line comes in larger reads", () => {
  const bytes = new Uint8Array(1024 * 1024).fill(0x61);
  const codec = new LineCodec(WORDS, 1024 * 1024);
  const searched = countSearched(() => {
    for (let at = 0; at < bytes.length; at += 100) {
      codec.push(bytes.subarray(at, at + 100));
      expect(codec.next()).toBeUndefined();
    }
  });
  expect(searched).toBe(bytes.length);
});

test("reads that end with a whole line are neither copied nor kept", () => {
  const codec = new LineCodec(WORDS, LINE_BYTES_MAX);
  const heard: string[] = [];
  const copied = countCopied(() => {
    for (const read of ["ping\n", "ping\r\nhello\n", "pong\n"].map(utf8)) {
      codec.push(read);
      for (let event = codec.next(); event; event = codec.next()) heard.push(event.kind);
    }
  });
  expect([heard, copied]).toEqual([["ping", "ping", "text", "pong"], 0]);
});

test("words are recognised without making an object", () => {
  const codec = new LineCodec(WORDS, LINE_BYTES_MAX);
  const [first, second] = [0, 1].map(() => {
    codec.push(WORDS.pingBytes);
    const event = codec.next();
    expect(codec.next()).toBeUndefined();
    return event;
  });
  expect(first).toEqual({ kind: "ping" });
  expect(second).toBe(first);
});

test("a line over the limit ends it for ever, and nothing is held", () => {
  const codec = new LineCodec(WORDS, LINE_BYTES_MAX);
  expect(feedWhole(codec, utf8("x".repeat(LINE_BYTES_MAX + 1)))).toMatchObject([
    { kind: "fault", code: "LINE_TOO_LONG" },
  ]);
  codec.push(utf8("ping\n"));
  expect(codec.next()).toMatchObject({ code: "LINE_TOO_LONG" });
  expect(codec.pendingBytes).toBe(0);
});

test("an old line feed that still lies behind the last byte ends nothing", () => {
  const codec = new LineCodec(WORDS, LINE_BYTES_MAX);
  // The kept array of 64 bytes is full with `p` at its end; then it is moved down over old bytes.
  const full = `zzzzz\n${"ok\n".repeat(19)}p`;
  expect(full).toHaveLength(64);
  expect(feed(codec, utf8(full), [1, 63])).toHaveLength(20);
  expect(feedWhole(codec, utf8("ing\r"))).toEqual([]);
  expect(codec.pendingBytes).toBe(5);
  expect(feedWhole(codec, utf8("\n"))).toEqual([{ kind: "ping" }]);
});

test("after release every input is ignored", () => {
  const codec = new LineCodec(WORDS, LINE_BYTES_MAX);
  codec.push(utf8("half"));
  expect(codec.next()).toBeUndefined();
  codec.release();
  codec.push(utf8(" a line\nping\n"));
  expect([codec.next(), codec.pendingBytes]).toEqual([undefined, 0]);
});

/** What ought to be heard: one byte after the other, with no thought of speed. */
function model(bytes: Uint8Array, words: LineWords): { heard: unknown[]; pendingBytes: number } {
  const heard: unknown[] = [];
  let line: number[] = [];
  for (const byte of bytes) {
    if (byte !== 0x0a) line.push(byte);
    const content = byte === 0x0a && line.at(-1) === 0x0d ? line.slice(0, -1) : line;
    const waits = byte === 0x0d ? 1 : 0;
    if (content.length - waits > LINE_BYTES_MAX) {
      return { heard: [...heard, "LINE_TOO_LONG"], pendingBytes: 0 };
    }
    if (byte !== 0x0a) continue;
    const raw = Uint8Array.from(content);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(raw);
    const replaced = !sameBytes(utf8(text), raw);
    if (!replaced && text === words.ping) heard.push({ kind: "ping" });
    else if (!replaced && text === words.pong) heard.push({ kind: "pong" });
    else heard.push({ kind: "text", text, replaced });
    line = [];
  }
  return { heard, pendingBytes: line.length };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
