import { expect, test } from "vitest";
import { OptionReader } from "../base/options.ts";
import { type MessageLimits, readMessageLimits } from "./limits-options.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

function limitsOf(options: object): MessageLimits {
  return readMessageLimits(new OptionReader("here", options), 4 * GIB);
}

test("a limit that is not given has room for those that are", () => {
  expect(limitsOf({ messageBytesMax: GIB })).toEqual({
    messageBytesMax: GIB,
    outboxBytesMax: 2 * GIB,
    outboxHighWaterBytes: MIB,
  });
  expect(limitsOf({ messageBytesMax: 10, outboxBytesMax: 10 })).toEqual({
    messageBytesMax: 10,
    outboxBytesMax: 10,
    outboxHighWaterBytes: 10,
  });
});

test("limits that contradict each other are refused, and both are named", () => {
  expect(() => limitsOf({ outboxBytesMax: MIB - 1 })).toThrow(
    "here: `outboxBytesMax` must be a whole number from 1048576 to 4294967296, got 1048575: " +
      "it has to hold `messageBytesMax`",
  );
  expect(() =>
    limitsOf({ messageBytesMax: 5, outboxBytesMax: 9, outboxHighWaterBytes: 10 }),
  ).toThrow("here: `outboxHighWaterBytes` (10) must not exceed `outboxBytesMax` (9)");
  expect(() => limitsOf({ outboxBytesMax: 4 * GIB + 1 })).toThrow("from 1 to 4294967296");
});
