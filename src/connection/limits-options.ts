/**
 * How long a message may be and how much may wait to be sent, read alike for both sides.
 *
 * The relations are what is easy to break: an outbox holds at least one message, and its mark is
 * within it. A default that depends on another option follows it; only what was asked for can
 * contradict.
 */
import type { OptionReader } from "../base/options.ts";
import type { ConnectionConfig } from "./config.ts";

export type MessageLimits = Pick<
  ConnectionConfig,
  "messageBytesMax" | "outboxBytesMax" | "outboxHighWaterBytes"
>;

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;

/**
 * @param outboxBytesCeiling The end of the range of `outboxBytesMax`.
 * @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came.
 */
export function readMessageLimits(read: OptionReader, outboxBytesCeiling: number): MessageLimits {
  const messageBytesMax = read.integer("messageBytesMax", {
    default: MEBIBYTE,
    min: 1,
    max: GIBIBYTE,
  });
  const outboxBytesMax = readAtLeast(
    read,
    "outboxBytesMax",
    { default: Math.max(16 * MEBIBYTE, 2 * messageBytesMax), max: outboxBytesCeiling },
    { name: "messageBytesMax", bytes: messageBytesMax },
  );
  const outboxHighWaterBytes = read.integer("outboxHighWaterBytes", {
    default: Math.min(MEBIBYTE, outboxBytesMax),
    min: 1,
    max: outboxBytesCeiling,
  });
  if (outboxHighWaterBytes > outboxBytesMax) {
    throw read.refuse(
      `\`outboxHighWaterBytes\` (${outboxHighWaterBytes}) must not exceed ` +
        `\`outboxBytesMax\` (${outboxBytesMax})`,
    );
  }
  return { messageBytesMax, outboxBytesMax, outboxHighWaterBytes };
}

/** A number of bytes with room for another option, `held`. */
export function readAtLeast(
  read: OptionReader,
  name: string,
  range: { readonly default: number; readonly max: number },
  held: { readonly name: string; readonly bytes: number },
): number {
  const fallback = Math.max(range.default, held.bytes);
  const bytes = read.integer(name, { default: fallback, min: 1, max: range.max });
  if (bytes >= held.bytes) return bytes;
  throw read.refuse(
    `\`${name}\` must be a whole number from ${held.bytes} to ${range.max}, got ${bytes}: ` +
      `it has to hold \`${held.name}\``,
  );
}
