/** UTF-8 as the frame dialect wants it: valid, or refused. */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text, or undefined when the bytes are not UTF-8. A byte order mark stays in. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // The decoder throws for nothing but bytes that are not UTF-8.
  }
}

/** The same text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot say. */
export function wellFormed(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replaceAll(LONE_SURROGATES, "\ufffd") : text;
}

/** Whether UTF-8 can say the text. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
