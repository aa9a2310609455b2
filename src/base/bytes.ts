/** Small operations on bytes that more than one room needs. */

export const NO_BYTES: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();

/**
 * Up to here a loop takes half of the encoder's time or less, and V8 keeps the array on its own
 * heap; a longer array costs an allocation outside of it, and then the encoder is no slower.
 */
const SHORT_LENGTH = 64;

export function utf8(text: string): Uint8Array {
  const ascii = text.length <= SHORT_LENGTH ? shortAscii(text) : undefined;
  return ascii ?? encoder.encode(text);
}

/** Undefined when a character needs more than one byte. */
function shortAscii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return undefined;
    bytes[at] = unit;
  }
  return bytes;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HEX_DIGITS: Uint8Array = encoder.encode("0123456789abcdef");
const decoder = new TextDecoder();

/**
 * Lower-case hexadecimal. Decoded as a whole: a text that is put together digit by digit stays a
 * tree of its pieces for as long as it lives, and an id lives as long as its connection.
 */
export function toHex(bytes: Uint8Array): string {
  const digits = new Uint8Array(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    digits[2 * at] = HEX_DIGITS[byte >> 4] as number;
    digits[2 * at + 1] = HEX_DIGITS[byte & 0xf] as number;
  }
  return decoder.decode(digits);
}

/** Compares without telling by its duration where two texts differ. Their length may be known. */
export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

/** How many bytes `text` takes as UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text, at + 1)) {
      length += 2;
      at += 1;
    } else length += 2;
  }
  return length;
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
}
