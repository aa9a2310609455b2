import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function split(chunks: readonly Uint8Array[]): string[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.finish()];
}

test("\\n and \\r\\n end a line, other separators belong to it, the last needs no end", () => {
  expect(split([bytes("a\nb\r\n\nc\rd\u2028e\nlast")])).toEqual([
    "a",
    "b",
    "",
    "c\rd\u2028e",
    "last",
  ]);
  expect(split([bytes("a\n")])).toEqual(["a"]);
  expect(split([])).toEqual([]);
});

test("where the chunks are cut does not matter", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "ä", "🙂", "\n", "\r\n")), fc.nat(), (parts, cut) => {
      const whole = bytes(parts.join(""));
      const at = whole.length === 0 ? 0 : cut % whole.length;
      expect(split([whole.subarray(0, at), whole.subarray(at)])).toEqual(split([whole]));
    }),
  );
});

test("a line that never ends is handed on before it fills the memory", () => {
  const splitter = new LineSplitter();
  const chunk = new Uint8Array(2 ** 20).fill(0x61);
  let longest = 0;
  for (let round = 0; round < 20; round++) {
    for (const line of splitter.push(chunk)) longest = line.length;
  }
  expect(longest).toBe(17 * 2 ** 20);
});
