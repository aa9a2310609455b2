import { expect, test } from "vitest";
import { resolveLine } from "./line-options.ts";

test("only the length of a line differs by default from one side to the other", () => {
  const { words, lineBytesMax } = resolveLine("line", undefined, 99);
  expect({ ping: words.ping, pong: words.pong, lineBytesMax }).toEqual({
    ping: "ping",
    pong: "pong",
    lineBytesMax: 99,
  });
  expect(resolveLine("line", { lineBytesMax: 16 }, 99).lineBytesMax).toBe(16);
});

test("a word is refused under the name of its group", () => {
  expect(() => resolveLine("listen.line", { ping: "x".repeat(65) }, 99)).toThrow(
    "listen.line: `ping` must be 1 to 64 characters",
  );
  expect(() => resolveLine("line", { pong: "ping" }, 99)).toThrow("line: `ping` and `pong`");
  expect(resolveLine("line", { ping: "x".repeat(64), pong: false }, 99).words.pong).toBe(false);
});
