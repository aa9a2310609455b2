import { expect, test } from "vitest";
import { textHash } from "./text-hash.ts";

test("the published values of FNV-1a", () => {
  expect(textHash("")).toBe(0x811c9dc5);
  expect(textHash("a")).toBe(0xe40c292c);
  expect(textHash("foobar")).toBe(0xbf9cf968);
  expect(textHash("foobar", 1)).not.toBe(textHash("foobar"));
});
