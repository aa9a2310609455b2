import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameMeter, isWholeFrame } from "./frame-meter.ts";

const TEXT = 1;
const BINARY = 2;
const PING = 9;

/** Header and payload of a frame; what is in it is of no interest here. */
function frame(opcode: number, length: number, isFinal: boolean, isMasked: boolean): number[] {
  const extra = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const header = [
    opcode | (isFinal ? 0x80 : 0),
    (isMasked ? 0x80 : 0) | (extra === 8 ? 127 : extra === 2 ? 126 : length),
  ];
  for (let at = extra - 1; at >= 0; at--) header.push(Math.floor(length / 256 ** at) % 256);
  const mask = isMasked ? [1, 2, 3, 4] : [];
  return [...header, ...mask, ...Array.from({ length }, () => 0x81)];
}

function after(...frames: number[][]): number {
  const meter = new FrameMeter(1_000);
  meter.push(Uint8Array.from(frames.flat()));
  return meter.heldBytes;
}

test("whole messages hold nothing, in every length of header", () => {
  for (const length of [0, 125, 126, 65_535, 65_536]) {
    for (const isMasked of [true, false]) {
      expect(after(frame(BINARY, length, true, isMasked)), `${length}`).toBe(0);
    }
  }
});

test("a fragment holds all its bytes until the last one came", () => {
  const first = frame(TEXT, 10, false, true);
  const second = frame(0, 200, false, true);
  expect(after(first)).toBe(16);
  expect(after(first, second)).toBe(16 + 208);
  expect(after(first, second, frame(0, 0, true, true))).toBe(0);
});

test("a ping between two fragments adds nothing, and takes nothing away", () => {
  const begun = frame(TEXT, 10, false, true);
  expect(after(begun, frame(PING, 20, true, true))).toBe(16);
  expect(after(frame(PING, 20, true, true))).toBe(0);
  expect(after(frame(PING, 20, true, true).slice(0, 9))).toBe(9);
});

test("it knows whether what comes is text", () => {
  const meter = new FrameMeter(1_000);
  meter.push(Uint8Array.from(frame(BINARY, 3, true, true)));
  expect(meter.isText).toBe(false);
  meter.push(Uint8Array.from(frame(TEXT, 3, true, true).slice(0, 1)));
  expect(meter.isText).toBe(true);
  meter.push(Uint8Array.from(frame(TEXT, 3, true, true).slice(1)));
  meter.push(Uint8Array.from(frame(PING, 0, true, true)));
  expect(meter.isText).toBe(true);
});

test("however the bytes are cut, the count is the same", () => {
  const drawn = fc.record({
    length: fc.oneof(fc.nat(130), fc.integer({ min: 65_530, max: 65_540 })),
    isFinal: fc.boolean(),
    opcode: fc.constantFrom(0, TEXT, BINARY, PING),
  });
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 6 }), fc.nat(), fc.nat(400), (frames, cut, step) => {
      const whole = Uint8Array.from(
        frames.flatMap(({ opcode, length, isFinal }) =>
          // Control frames are short and final.
          opcode === PING
            ? frame(opcode, length % 126, true, true)
            : frame(opcode, length, isFinal, true),
        ),
      );
      const bytes = whole.subarray(0, cut % (whole.length + 1));
      const atOnce = new FrameMeter(1_000);
      atOnce.push(bytes);
      const inPieces = new FrameMeter(1_000);
      for (let at = 0; at < bytes.length; at += step + 1) {
        inPieces.push(bytes.subarray(at, at + step + 1));
      }
      expect(inPieces.heldBytes).toBe(atOnce.heldBytes);
    }),
    { numRuns: 60 },
  );
});

test("a byte of a message keeps the read that it came in, and a ping keeps none for long", () => {
  const meter = new FrameMeter(1_000);
  const pings = Array.from({ length: 100 }, () => frame(PING, 100, true, true)).flat();
  meter.push(Uint8Array.from(pings));
  expect(meter.memoryBytes).toBe(0);
  meter.push(Uint8Array.from([...pings, ...frame(TEXT, 1, false, true)]));
  const { memoryBytes } = meter;
  expect(meter.heldBytes).toBe(7);
  expect(memoryBytes).toBeGreaterThan(pings.length);
  meter.push(Uint8Array.from(pings));
  expect(meter.memoryBytes).toBe(memoryBytes);
  meter.push(Uint8Array.from([...pings, ...frame(PING, 100, true, true).slice(0, 9)]));
  expect(meter.memoryBytes).toBeGreaterThan(memoryBytes + pings.length);
  meter.push(Uint8Array.from(frame(PING, 100, true, true).slice(9)));
  expect(meter.memoryBytes).toBe(memoryBytes);
  meter.push(Uint8Array.from(frame(0, 1, true, true)));
  expect(meter.memoryBytes).toBe(0);
});

test("pieces of a hundred bytes are never too much, and those of one byte soon are", () => {
  const isTooMuch = (pieceBytes: number, messageBytes: number): boolean => {
    const meter = new FrameMeter(messageBytes);
    for (let sent = 0; sent < messageBytes; sent += pieceBytes) {
      meter.push(Uint8Array.from(frame(sent === 0 ? TEXT : 0, pieceBytes, false, true)));
    }
    return meter.isTooMuch;
  };
  expect([isTooMuch(100, 128 * 1024), isTooMuch(1, 128 * 1024)]).toEqual([false, true]);
});

test("a whole short frame is known by its first bytes, and nothing else is one", () => {
  const whole = (bytes: number[]): boolean => isWholeFrame(Uint8Array.from(bytes));
  for (const isMasked of [true, false]) {
    for (const length of [0, 1, 125]) {
      const ping = frame(PING, length, true, isMasked);
      expect(whole(ping)).toBe(true);
      expect(whole(ping.slice(0, -1))).toBe(false);
      expect(whole([...ping, 0x89])).toBe(false);
      expect(whole(frame(TEXT, length, false, isMasked))).toBe(false);
    }
    for (const length of [126, 65_536])
      expect(whole(frame(TEXT, length, true, isMasked))).toBe(false);
  }
  expect(whole([])).toBe(false);
  // The second byte says 126, which is no length.
  expect(whole(frame(TEXT, 126, true, true).slice(0, -2))).toBe(false);
});

test("at rest is who has begun nothing", () => {
  const meter = new FrameMeter(1_000);
  const bytes = [...frame(TEXT, 3, false, true), ...frame(PING, 2, true, true)];
  meter.push(Uint8Array.from(frame(PING, 1, true, true)));
  expect(meter.isAtRest).toBe(true);
  for (const byte of [...bytes, ...frame(0, 0, true, true).slice(0, -1)]) {
    meter.push(Uint8Array.of(byte));
    expect(meter.isAtRest).toBe(false);
  }
  meter.push(Uint8Array.of(4));
  expect(meter.isAtRest).toBe(true);
});
