/**
 * The two words of the line dialect, and lines as bytes.
 *
 * The words are made once for each config, and shared by its connections: a ping is written
 * from the same array each time. Nobody may write into these arrays.
 */
import { assert } from "../base/assert.ts";
import { utf8 } from "../base/bytes.ts";

export const LF = 0x0a;
export const CR = 0x0d;

export interface LineWords {
  readonly ping: string;
  /** false: pings are not answered, and no line is an answer. */
  readonly pong: string | false;
  /** The whole line, `\n` included. */
  readonly pingBytes: Uint8Array;
  /** The whole line, `\n` included; false where `pong` is. */
  readonly pongBytes: Uint8Array | false;
}

/** A line that is a message. */
export interface LineText {
  readonly kind: "text";
  readonly text: string;
  /** True: the line was not valid UTF-8, and U+FFFD stands where it was not. */
  readonly replaced: boolean;
}

/** Neither word may hold `\r` or `\n`, and they must differ; the options have checked that. */
export function lineWords(ping: string, pong: string | false): LineWords {
  assert(!hasLineEnd(ping) && (pong === false || !hasLineEnd(pong)), "a word is one line");
  assert(ping !== pong, "a ping is not its own answer");
  const pongBytes = pong === false ? false : encodeLine(pong);
  return { ping, pong, pingBytes: encodeLine(ping), pongBytes };
}

/** The line as bytes. Half a surrogate pair becomes U+FFFD, as with WebSocket. */
export function encodeLine(text: string): Uint8Array {
  return utf8(`${text}\n`);
}

/** Whether the text arrives as the one message that it is. */
export function isLine(text: string, words: LineWords): boolean {
  return whyNotALine(text, words) === undefined;
}

/**
 * Says why the text cannot be sent as one line, or undefined when it can. Whoever has looked for
 * line ends already passes `holdsLineEnd`.
 */
export function whyNotALine(
  text: string,
  words: LineWords,
  holdsLineEnd: boolean = hasLineEnd(text),
): string | undefined {
  if (holdsLineEnd) return "a line cannot hold a line feed or a carriage return";
  if (text === words.ping) return "the text is the ping word, which a peer would answer";
  if (text === words.pong)
    return "the text is the pong word, which a peer would take for an answer";
  return undefined;
}

/** Never strips a byte order mark: in the middle of a conversation it is a character. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function decodeLine(bytes: Uint8Array): LineText {
  const text = decoder.decode(bytes);
  const replaced = text.includes(REPLACEMENT) && countOf(text) !== countOfEncoded(bytes);
  return { kind: "text", text, replaced };
}

const REPLACEMENT = "\ufffd";

/** How many replacement characters the text holds. */
function countOf(text: string): number {
  return text.split(REPLACEMENT).length - 1;
}

/** How many replacement characters the peer wrote itself; it never is a part of other sequences. */
function countOfEncoded(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) count += 1;
  }
  return count;
}

export function hasLineEnd(text: string): boolean {
  return text.includes("\n") || text.includes("\r");
}
