import { expect, test } from "vitest";
import { ERRORS } from "../../base/errors.ts";
import { closeCode, closeReason } from "./close-word.ts";

test("each of our codes has a number that a close frame may say", () => {
  for (const code of Object.keys(ERRORS)) {
    expect([1000, 1001, 1002, 1003, 1008, 1009, 1011, 1013]).toContain(closeCode(code));
  }
  expect([closeCode("CLOSED_BY_PEER"), closeCode("DRAINED"), closeCode("OVERLOADED")]).toEqual([
    1000, 1001, 1013,
  ]);
  expect([closeCode("READER_TOO_SLOW"), closeCode("what?")]).toEqual([1011, 1011]);
});

test("the reason begins with our code, but for an orderly end", () => {
  expect(closeReason({ code: "DRAINED", reason: "going away" })).toBe("DRAINED: going away");
  expect(closeReason({ code: "PING_FLOOD", reason: "" })).toBe("PING_FLOOD");
  expect(closeReason({ code: "CLOSED_BY_PEER", reason: "enough" })).toBe("enough");
  expect(closeReason({ code: "REPLACED", reason: "" })).toBe("REPLACED");
});

test.each(["a", "ä", "€", "😀"])(
  "a long reason of %s is cut to 123 bytes of whole characters",
  (one) => {
    for (let shift = 0; shift < 4; shift++) {
      const reason = closeReason({
        code: "CLOSED_BY_PEER",
        reason: "x".repeat(shift) + one.repeat(200),
      });
      const { length } = new TextEncoder().encode(reason);
      expect(length).toBeLessThanOrEqual(123);
      expect(length).toBeGreaterThan(119);
      expect(reason).not.toContain("\ufffd");
    }
  },
);
