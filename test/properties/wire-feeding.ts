/**
 * Feeds a codec as a socket would: in chunks, from one array that is overwritten after each read.
 *
 * All that came out of a chunk is looked at only when the codec has run dry, and right before its
 * bytes are taken back: that is how long a lent payload must stay whole.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect } from "vitest";

export interface Codec<T> {
  push(lent: Uint8Array): void;
  next(): T | undefined;
  readonly pendingBytes: number;
}

/** What came out, with bytes copied; it ends at the first fault. */
export function feed<T extends { readonly kind: string }>(
  codec: Codec<T>,
  bytes: Uint8Array,
  chunkLengths: Iterable<number>,
): T[] {
  const heard: T[] = [];
  let at = 0;
  for (const length of chunkLengths) {
    if (at >= bytes.length) return heard;
    const lent = bytes.slice(at, at + length);
    at += lent.length;
    codec.push(lent);
    const fresh: T[] = [];
    for (let item = codec.next(); item !== undefined; item = codec.next()) {
      fresh.push(item);
      if (item.kind === "fault") break;
    }
    heard.push(...fresh.map((item) => owned(item)));
    lent.fill(0xaa);
    if (heard.at(-1)?.kind === "fault") return heard;
  }
  return heard;
}

/** The same with a payload of its own. A `slice` of a Node buffer would not copy. */
function owned<T>(item: T): T {
  if (typeof item !== "object" || item === null || !("payload" in item)) return item;
  return { ...item, payload: new Uint8Array(item.payload as Uint8Array) };
}

/** As `toEqual`, and much quicker where the payloads are long and all is well. */
export function expectSame(got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected)) expect(got).toStrictEqual(expected);
}

export function feedWhole<T extends { readonly kind: string }>(
  codec: Codec<T>,
  bytes: Uint8Array,
): T[] {
  return feed(codec, bytes, [bytes.length]);
}

export function* everyByteAlone(): Generator<number> {
  for (;;) yield 1;
}

/** Chunk lengths that go on for ever. */
export const chunking: fc.Arbitrary<Generator<number>> = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5_000 })), {
    minLength: 1,
    maxLength: 20,
  })
  .map((lengths) => forEver(lengths));

function* forEver(lengths: readonly number[]): Generator<number> {
  for (;;) yield* lengths;
}

/** How many bytes are copied from array to array while `run` runs. */
export function countCopied(run: () => void): number {
  let copied = 0;
  const count = (bytes: number): void => {
    copied += bytes;
  };
  watching(
    "set",
    (_array, [source]) => count((source as Uint8Array).length),
    () => {
      watching(
        "copyWithin",
        (_array, [, from, to]) => count(Number(to) - Number(from)),
        () => {
          watching("slice", (_array, _given, part) => count((part as Uint8Array).length), run);
        },
      );
    },
  );
  return copied;
}

/** How many bytes are searched by the engine's own search while `run` runs. */
export function countSearched(run: () => void): number {
  let searched = 0;
  watching("indexOf", (array, [, from]) => (searched += array.length - Number(from ?? 0)), run);
  return searched;
}

type Note = (array: Uint8Array, given: readonly unknown[], result: unknown) => void;

/** Notes each call of a method that all arrays of bytes inherit, while `run` runs. */
function watching(name: string, note: Note, run: () => void): void {
  const proto = Uint8Array.prototype;
  const inherited = Reflect.get(proto, name) as (...given: unknown[]) => unknown;
  const watched = function (this: Uint8Array, ...given: unknown[]): unknown {
    const result: unknown = Reflect.apply(inherited, this, given);
    note(this, given, result);
    return result;
  };
  Reflect.defineProperty(proto, name, { value: watched, configurable: true, writable: true });
  try {
    run();
  } finally {
    Reflect.deleteProperty(proto, name);
  }
}
