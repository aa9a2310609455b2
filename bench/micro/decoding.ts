/** Decoding as a benchmark, for any codec: the bytes at once, and one by one. */
import type { MicroTask } from "./task.ts";
import { expectSame } from "./task.ts";

export interface Decoder {
  push(lent: Uint8Array): void;
  next(): { readonly kind: string } | undefined;
}

export function whole(
  name: string,
  decoder: Decoder,
  bytes: Uint8Array,
  decoded: unknown,
): MicroTask {
  return {
    name,
    check() {
      decoder.push(bytes);
      expectSame([decoder.next(), decoder.next()], [decoded, undefined]);
    },
    run(times) {
      let items = 0;
      for (let count = 0; count < times; count++) items += decode(decoder, bytes);
      return items;
    },
  };
}

export function bytewise(
  name: string,
  decoder: Decoder,
  bytes: Uint8Array,
  decoded: unknown,
): MicroTask {
  // Cut before, since what is lent comes as a view that somebody else has made.
  const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  return {
    name,
    check() {
      const items = pieces.flatMap((piece) => {
        decoder.push(piece);
        return [decoder.next() ?? []].flat();
      });
      expectSame(items, [decoded]);
    },
    run(times) {
      let items = 0;
      for (let count = 0; count < times; count++) {
        for (const piece of pieces) items += decode(decoder, piece);
      }
      return items;
    },
  };
}

/** How many items came out. */
function decode(decoder: Decoder, bytes: Uint8Array): number {
  let items = 0;
  decoder.push(bytes);
  while (decoder.next() !== undefined) items += 1;
  return items;
}
