/** Messages of many parts are put together in linear time and by the bytes that came. */
import { expect, test } from "vitest";
import { MessageAssembler } from "../../src/wire/message-assembler.ts";
import { countCopied } from "./wire-feeding.ts";

test("a message of 1 MB in parts of 10 bytes is copied a few times, not thousands", () => {
  const assembler = new MessageAssembler(1_048_576);
  const part = new Uint8Array(10);
  const copied = countCopied(() => {
    assembler.part("binary", true, part);
    for (let count = 1; count < 100_000; count++) assembler.part("cont", true, part);
  });
  expect(assembler.heldBytes).toBe(1_000_000);
  expect(copied).toBeGreaterThan(1_000_000); // Otherwise the counter counts nothing.
  expect(copied).toBeLessThan(3_200_000);
});
