/**
 * The header of the PROXY protocol: how it is cut changes nothing, whatever comes never throws, and
 * nothing makes a reader wait for more than it may keep.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ipText, parseIp } from "../../src/base/ip-address.ts";
import { readProxyHeader } from "../../src/wire/proxy-header.ts";
import type { ProxyReading } from "../../src/wire/proxy-reading.ts";
import { type Ends, v1, v2, v2Local, v2Unix } from "../support/proxy-writer.ts";

const BYTES_MAX = 4_096;

const port = fc.nat(65_535);
const ends: fc.Arbitrary<Ends> = fc.oneof(
  fc.record({ from: fc.ipV4(), fromPort: port, to: fc.ipV4(), toPort: port }),
  fc.record({ from: fc.ipV6(), fromPort: port, to: fc.ipV6(), toPort: port }),
);

const extras = fc.record({
  further: fc.array(
    // Not the types that are looked into: those have rules of their own.
    fc.tuple(fc.constantFrom(1, 2, 4, 5, 0x30, 0xea), fc.uint8Array({ maxLength: 40 })),
    { maxLength: 4 },
  ),
  checksum: fc.boolean(),
});

const path = fc.string({ unit: fc.constantFrom("/", "a", "b", "."), maxLength: 100 });

const header = fc.oneof(
  ends.map(v1),
  fc.tuple(ends, extras).map(([of, more]) => v2(of, more)),
  fc.uint8Array({ maxLength: 60 }).map(v2Local),
  fc.tuple(path, path).map(([from, to]) => v2Unix(from, to)),
  fc.constant(Buffer.from("PROXY UNKNOWN\r\n")),
);

/** Whole headers, broken ones, and bytes that are none. */
const anything = fc.oneof(
  header,
  fc.tuple(header, fc.nat(300), fc.nat(255)).map(([bytes, at, byte]) => {
    const broken = Uint8Array.from(bytes);
    broken[at % broken.length] = byte;
    return broken;
  }),
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 120 }).map((text) => Buffer.from(`PROXY TCP4 ${text}\r\n`)),
);

function read(bytes: Uint8Array): ProxyReading {
  return readProxyHeader(bytes, [1, 2]);
}

/** What whoever reads in pieces comes to, and after how many bytes. */
function readInPieces(bytes: Uint8Array, pieces: readonly number[]): ProxyReading {
  let reading: ProxyReading = { kind: "more" };
  let at = 0;
  for (const length of [...pieces, bytes.length]) {
    at = Math.min(bytes.length, at + length);
    reading = read(bytes.subarray(0, at));
    if (reading.kind !== "more") return reading;
  }
  return reading;
}

/** A sentence shows what had come by then. */
function withoutWords(reading: ProxyReading): unknown {
  return reading.kind === "invalid" ? reading.kind : reading;
}

test("property: how the bytes are cut changes nothing", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 });
  fc.assert(
    fc.property(anything, fc.uint8Array({ maxLength: 20 }), pieces, (bytes, behind, cuts) => {
      const all = Buffer.concat([bytes, behind]);
      const whole = withoutWords(read(all));
      expect(withoutWords(readInPieces(all, cuts))).toEqual(whole);
      expect(withoutWords(readInPieces(all, new Array<number>(all.length).fill(1)))).toEqual(whole);
    }),
    { numRuns: 1_000 },
  );
});

test("property: a header is read whole, and every beginning of it wants more", () => {
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 20 }), (bytes, behind) => {
      for (let length = 0; length < bytes.length; length++) {
        expect(read(bytes.subarray(0, length))).toEqual({ kind: "more" });
      }
      const reading = read(Buffer.concat([bytes, behind]));
      expect(reading).toMatchObject({ kind: "header", length: bytes.length });
    }),
    { numRuns: 300 },
  );
});

test("property: what was written is read", () => {
  fc.assert(
    fc.property(ends, extras, (given, more) => {
      for (const bytes of [v1(given), v2(given, more)]) {
        const reading = read(bytes);
        const address = ipText(parseIp(given.from) ?? new Uint8Array(4));
        expect(reading).toMatchObject({
          kind: "header",
          header: { source: { kind: "ip", address, port: given.fromPort } },
        });
      }
    }),
  );
});

test("property: nobody waits for more bytes than may be kept, and nothing throws", () => {
  const filler = new Uint8Array(BYTES_MAX);
  fc.assert(
    fc.property(anything, fc.nat(255), (bytes, byte) => {
      const long = Buffer.concat([bytes, filler.fill(byte)]);
      expect(read(long).kind).not.toBe("more");
    }),
    { numRuns: 2_000 },
  );
});
