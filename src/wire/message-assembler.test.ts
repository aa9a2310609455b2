import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageAssembler } from "./message-assembler.ts";

test("messages in parts come out whole, whatever the lender does with its bytes", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), fc.boolean(), (messages, node) => {
      const assembler = new MessageAssembler(480);
      for (const message of messages) {
        const whole = message.flatMap((part) => [...part]);
        let held = 0;
        message.forEach((part, index) => {
          const isLast = index === message.length - 1;
          // A Node buffer, whose `slice` and `subarray` share memory.
          const lent = node ? Buffer.from(part) : part.slice();
          const out = assembler.part(index === 0 ? "binary" : "cont", !isLast, lent);
          lent.fill(0xaa);
          held += part.length;
          expect(assembler.isUnfinished).toBe(!isLast);
          expect(assembler.heldBytes).toBe(isLast ? 0 : held);
          if (!isLast) expect(out).toBeUndefined();
          else {
            const expected = { kind: "message", message: Uint8Array.from(whole) };
            expect(out).toStrictEqual({ ...expected, messageBytes: whole.length });
          }
        });
      }
    }),
  );
});

test("a text comes out of parts that are cut anywhere", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 30 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), (sent, step) => {
      const bytes = new TextEncoder().encode(sent);
      const assembler = new MessageAssembler(10_000);
      let out = assembler.part("text", true, bytes.slice(0, step));
      for (let at = step; at < bytes.length; at += step) {
        out = assembler.part("cont", true, bytes.slice(at, at + step));
      }
      expect(out).toBeUndefined();
      out = assembler.part("cont", false, new Uint8Array(0));
      expect(out).toEqual({ kind: "message", message: sent, messageBytes: bytes.length });
    }),
  );
});

test("a fault is said again for ever, and nothing is held", () => {
  const assembler = new MessageAssembler(4);
  assembler.part("text", true, new Uint8Array(4));
  const fault = assembler.part("cont", true, new Uint8Array(1));
  expect(fault).toMatchObject({ kind: "fault", code: "MESSAGE_RECEIVED_TOO_LONG" });
  expect(assembler.part("text", false, new Uint8Array(0))).toBe(fault);
  expect([assembler.heldBytes, assembler.isUnfinished]).toEqual([0, false]);
});

test("empty parts without end cost no memory and stay unfinished", () => {
  const assembler = new MessageAssembler(4);
  assembler.part("binary", true, new Uint8Array(0));
  for (let round = 0; round < 10_000; round++) {
    expect(assembler.part("cont", true, new Uint8Array(0))).toBeUndefined();
  }
  expect([assembler.heldBytes, assembler.isUnfinished]).toEqual([0, true]);
});
