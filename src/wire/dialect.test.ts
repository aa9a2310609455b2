import { expect, test } from "vitest";
import { dialectOf } from "./dialect.ts";

test("of all first bytes only F8 opens the frame dialect", () => {
  for (let byte = 0; byte < 256; byte++) {
    expect(dialectOf(byte)).toBe(byte === 0xf8 ? "frame" : "line");
  }
});

test("no valid UTF-8 text begins with the byte that opens the frame dialect", () => {
  const encoder = new TextEncoder();
  for (let code = 0; code <= 0x10ffff; code += 0x55) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const first = encoder.encode(String.fromCodePoint(code))[0] as number;
    expect(dialectOf(first)).toBe("line");
  }
});
