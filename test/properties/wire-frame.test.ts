/** The frame codec under any bytes, cut in any way. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../src/base/bytes.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { encodeFrame, encodePart, encodePing, FrameDecoder } from "../../src/wire/frame-codec.ts";
import type { FrameRole } from "../../src/wire/frame-types.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import {
  chunking,
  countCopied,
  everyByteAlone,
  expectSame,
  feed,
  feedWhole,
} from "./wire-feeding.ts";
import { framesFor } from "./wire-frames-at-random.ts";

const ROLES: readonly FrameRole[] = ["client", "server"];
const PREFACE = { kind: "preface", version: 1 };

describe.each(ROLES)("decoded by a %s", (role) => {
  test("every conversation arrives as it was sent, however it is cut", () => {
    const conversation = fc.array(framesFor(role), { maxLength: 8 });
    const check = (frames: Frame[], chunks: Iterable<number>): void => {
      const bytes = concatBytes([encodePreface(), ...frames.map((frame) => encodeFrame(frame))]);
      const decoder = new FrameDecoder({ role });
      expectSame(feed(decoder, bytes, chunks), [PREFACE, ...frames]);
      expect(decoder.pendingBytes).toBe(0);
    };
    fc.assert(fc.property(conversation, chunking, check), { numRuns: 200 });
  });

  test("an unfinished frame behind whole ones waits, and goes on later", () => {
    const check = (first: Frame, second: Frame, cutRatio: number): void => {
      const tail = encodeFrame(second);
      const cut = Math.floor(cutRatio * tail.length);
      const decoder = new FrameDecoder({ role });
      const head = concatBytes([encodePreface(), encodeFrame(first), tail.subarray(0, cut)]);
      expectSame(feedWhole(decoder, head), [PREFACE, first]);
      expect(decoder.pendingBytes).toBe(cut);
      expectSame(feedWhole(decoder, tail.subarray(cut)), [second]);
      expect(decoder.pendingBytes).toBe(0);
    };
    const ratio = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(fc.property(framesFor(role), framesFor(role), ratio, check), { numRuns: 200 });
  });

  test("any bytes: nothing is thrown, the cut changes nothing, a fault stays", () => {
    const check = (bytes: Uint8Array, chunks: Iterable<number>): void => {
      const whole = new FrameDecoder({ role });
      const single = new FrameDecoder({ role });
      const chunked = new FrameDecoder({ role });
      const heard = feedWhole(whole, bytes);
      expectSame(feed(single, bytes, everyByteAlone()), heard);
      expectSame(feed(chunked, bytes, chunks), heard);
      expect(single.pendingBytes).toBe(whole.pendingBytes);
      const last = heard.at(-1);
      if (last?.kind !== "fault") return;
      whole.push(bytes);
      expect([whole.next(), whole.next(), whole.pendingBytes]).toEqual([last, last, 0]);
    };
    fc.assert(fc.property(spoiled(role), chunking, check), { numRuns: 1_000 });
  });
});

test("work is linear: a greatest frame, byte by byte, is copied three times at most", () => {
  const frame = encodePart("binary", false, new Uint8Array(65_535));
  const bytes = concatBytes([encodePreface(), frame]);
  const decoder = new FrameDecoder({ role: "server" });
  let heard = 0;
  const copied = countCopied(() => {
    for (let at = 0; at < bytes.length; at++) {
      decoder.push(bytes.subarray(at, at + 1));
      while (decoder.next() !== undefined) heard += 1;
    }
  });
  expect(heard).toBe(2);
  expect(copied).toBeGreaterThan(bytes.length); // Otherwise the counter counts nothing.
  expect(copied).toBeLessThan(3 * bytes.length);
});

test("many small frames in large reads that never end with one are copied twice at most", () => {
  const ping = encodePing(1, 30_000);
  const bytes = concatBytes([encodePreface(), ...new Array<Uint8Array>(50_000).fill(ping)]);
  const decoder = new FrameDecoder({ role: "server" });
  let heard = 0;
  const copied = countCopied(() => {
    for (let at = 0; at < bytes.length; at += 1_001) {
      decoder.push(bytes.subarray(at, at + 1_001));
      while (decoder.next() !== undefined) heard += 1;
    }
  });
  expect(heard).toBe(50_001);
  expect(copied).toBeLessThan(2 * bytes.length);
});

test("reads that end with a whole frame are not copied at all", () => {
  const reads = [
    encodePreface(),
    encodePing(1, 30_000),
    encodePart("text", true, new Uint8Array(99)),
  ];
  const decoder = new FrameDecoder({ role: "server" });
  let heard = 0;
  const copied = countCopied(() => {
    for (const read of reads) {
      decoder.push(read);
      while (decoder.next() !== undefined) heard += 1;
    }
  });
  expect([heard, copied]).toEqual([3, 0]);
});

/** Bytes from mere noise to a conversation with one byte changed. */
function spoiled(role: FrameRole): fc.Arbitrary<Uint8Array> {
  const noise = fc.uint8Array({ maxLength: 200 });
  const opened = noise.map((bytes) => concatBytes([encodePreface(), bytes]));
  const small = framesFor(role).filter(
    (frame) => frame.kind !== "part" || frame.payload.length < 400,
  );
  const changed = fc
    .tuple(
      fc.array(small, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
    )
    .map(([frames, place, change]) => {
      const bytes = concatBytes([encodePreface(), ...frames.map((frame) => encodeFrame(frame))]);
      const at = place % bytes.length;
      bytes[at] = (bytes[at] as number) ^ change;
      return bytes;
    });
  const unknown = fc
    .array(fc.tuple(fc.integer({ min: 12, max: 127 }), fc.uint8Array({ maxLength: 100 })), {
      maxLength: 70,
    })
    .map((frames) => {
      const encoded = frames.map(([type, body]) => Uint8Array.of(type, body.length, ...body));
      return concatBytes([encodePreface(), ...encoded, encodePing(1, 0)]);
    });
  return fc.oneof(noise, opened, changed, unknown);
}
