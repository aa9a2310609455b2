/**
 * The line dialect: UTF-8 text, `\n` ends a line, one `\r` before it is dropped.
 *
 * One word is a ping, one is its answer, every other line is a message, the empty one included.
 * Easy to break: bytes that were searched are not searched again, or a long line fed byte by byte
 * costs its square; a byte order mark is a character like any other.
 */
import { wireFault } from "./fault.ts";
import type { WireFault } from "./frame.ts";
import { CR, decodeLine, LF, type LineText, type LineWords } from "./line-words.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";

export type LineEvent = { readonly kind: "ping" } | { readonly kind: "pong" } | LineText;

const PING: LineEvent = Object.freeze({ kind: "ping" });
const PONG: LineEvent = Object.freeze({ kind: "pong" });

export class LineCodec {
  readonly #words: LineWords;
  readonly #lineBytesMax: number;
  readonly #buffer: ReceiveBuffer;
  /** So many of the waiting bytes are known to hold no `\n`. */
  #searched = 0;
  #fault: WireFault | undefined;
  #isReleased = false;

  /** `words` are shared by all connections of one config; `lineBytesMax` counts no `\r\n`. */
  constructor(words: LineWords, lineBytesMax: number) {
    this.#words = words;
    this.#lineBytesMax = lineBytesMax;
    this.#buffer = new ReceiveBuffer(lineBytesMax + 1); // A `\r` may wait for its `\n`.
  }

  /** Bytes of a line that has not ended yet. */
  get pendingBytes(): number {
    return this.#buffer.length;
  }

  /** Takes bytes that are lent: call `next` until it is dry before they are taken back. */
  push(lent: Uint8Array): void {
    if (this.#fault === undefined && !this.#isReleased) this.#buffer.push(lent);
  }

  /** The next line; undefined when there is none yet; a fault for ever once there was one. */
  next(): LineEvent | WireFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const buffer = this.#buffer;
    if (buffer.length === 0) return undefined;
    const word = this.#nextWord();
    if (word !== undefined) return word;

    const lineEnd = buffer.indexOf(LF, this.#searched);
    const isEnded = lineEnd >= 0;
    const length = isEnded ? lineEnd : buffer.length;
    const hasReturn = length > 0 && buffer.bytes[buffer.start + length - 1] === CR;
    const textLength = hasReturn ? length - 1 : length;
    if (textLength > this.#lineBytesMax) return this.#fail();
    if (!isEnded) {
      this.#searched = length;
      buffer.keep();
      return undefined;
    }
    const event = decodeLine(buffer.bytes.subarray(buffer.start, buffer.start + textLength));
    this.#consume(lineEnd + 1);
    return event;
  }

  /** Lets all memory go; every later input is ignored. */
  release(): void {
    this.#isReleased = true;
    this.#buffer.release();
  }

  /** The path of nearly every line: a word is recognised where it lies, without allocating. */
  #nextWord(): LineEvent | undefined {
    const { bytes, start, end } = this.#buffer;
    const pingLength = wordLength(bytes, start, end, this.#words.pingBytes);
    if (pingLength > 0) {
      this.#consume(pingLength);
      return PING;
    }
    const { pongBytes } = this.#words;
    const pongLength = pongBytes === false ? 0 : wordLength(bytes, start, end, pongBytes);
    if (pongLength === 0) return undefined;
    this.#consume(pongLength);
    return PONG;
  }

  #consume(count: number): void {
    this.#searched = 0;
    this.#buffer.skip(count);
  }

  #fail(): WireFault {
    this.#buffer.release();
    this.#fault = wireFault("LINE_TOO_LONG", `a line exceeds ${this.#lineBytesMax} bytes`);
    return this.#fault;
  }
}

/** How many bytes the line of a word takes at `start`; 0 when it is not there, or not whole. */
function wordLength(bytes: Uint8Array, start: number, end: number, line: Uint8Array): number {
  const last = line.length - 1;
  if (end - start <= last) return 0;
  for (let at = 0; at < last; at++) {
    if (bytes[start + at] !== line[at]) return 0;
  }
  const after = start + last;
  if (bytes[after] === LF) return last + 1;
  return bytes[after] === CR && after + 1 < end && bytes[after + 1] === LF ? last + 2 : 0;
}
