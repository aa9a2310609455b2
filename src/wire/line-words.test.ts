import { expect, test } from "vitest";
import { isLine, lineWords, whyNotALine } from "./line-words.ts";

const WORDS = lineWords("ping", "pong");

test.each(["hello", "", " ping", "Ping", "pong!", "\t", "\u2028", "\ufeff"])(
  "%j is a line",
  (text) => {
    expect(isLine(text, WORDS)).toBe(true);
  },
);

test.each([
  ["a\nb", "line feed"],
  ["a\r", "carriage return"],
  ["ping", "ping word"],
  ["pong", "pong word"],
])("%j is none, and why is said", (text, why) => {
  expect(isLine(text, WORDS)).toBe(false);
  expect(whyNotALine(text, WORDS)).toContain(why);
});

test("without answers, pong is a text as any other", () => {
  expect(isLine("pong", lineWords("ping", false))).toBe(true);
});

test("words that cannot work are a bug of whoever let them through", () => {
  expect(() => lineWords("pi\nng", "pong")).toThrow("broken promise");
  expect(() => lineWords("ping", "pong\r")).toThrow("broken promise");
  expect(() => lineWords("same", "same")).toThrow("broken promise");
});
