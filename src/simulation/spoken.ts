/**
 * What one end of a flow says, read from the bytes that its process wrote.
 *
 * Only what checkers judge by is kept: pings, pongs and what they promise, the server's words about
 * coming back. A stranger may write anything; from its first nonsense on it says nothing.
 */
import { FrameDecoder } from "../wire/frame-codec.ts";
import { PREFACE_FIRST_BYTE } from "../wire/preface.ts";
import type { Side } from "./sim-event.ts";

export type Said =
  /** A promise to speak again within `nextMs`; 0 for none. */
  | { readonly said: "hello"; readonly nextMs: number }
  | { readonly said: "ping" | "pong"; readonly nextMs: number }
  | { readonly said: "welcome"; readonly reconnectWindowMs: number }
  | { readonly said: "goaway"; readonly retry: "now" | "after" | "never"; readonly mostMs: number };

const LINE_END = 0x0a;
const NOTHING: readonly Said[] = [];

export class Spoken {
  readonly #side: Side;
  #frames: FrameDecoder | undefined;
  #isLine = false;
  #isNonsense = false;
  /** The beginning of the line that is not complete, as far as it matters. */
  #line = "";

  constructor(side: Side) {
    this.#side = side;
  }

  /** Known from the first byte on. */
  get dialect(): "line" | "frame" | undefined {
    if (this.#isLine) return "line";
    return this.#frames === undefined ? undefined : "frame";
  }

  hear(bytes: Uint8Array): readonly Said[] {
    if (bytes.length === 0) return NOTHING;
    if (!this.#isLine && this.#frames === undefined) {
      if (bytes[0] !== PREFACE_FIRST_BYTE) this.#isLine = true;
      else this.#frames = new FrameDecoder({ role: this.#side === "client" ? "server" : "client" });
    }
    return this.#frames === undefined ? this.#hearLines(bytes) : this.#hearFrames(bytes);
  }

  #hearFrames(bytes: Uint8Array): readonly Said[] {
    const frames = this.#frames;
    if (frames === undefined || this.#isNonsense) return NOTHING;
    const heard: Said[] = [];
    frames.push(bytes);
    for (let item = frames.next(); item !== undefined; item = frames.next()) {
      if (item.kind === "fault") {
        this.#isNonsense = true;
        break;
      }
      if (item.kind === "ping" || item.kind === "pong") {
        heard.push({ said: item.kind, nextMs: item.nextMs });
      } else if (item.kind === "hello") {
        heard.push({ said: "hello", nextMs: item.hello.nextMs });
      } else if (item.kind === "welcome") {
        heard.push({ said: "welcome", reconnectWindowMs: item.welcome.reconnectWindowMs });
      } else if (item.kind === "goaway") {
        const { retry, afterMs, spreadMs } = item.goaway;
        heard.push({ said: "goaway", retry, mostMs: afterMs + spreadMs });
      }
    }
    return heard;
  }

  #hearLines(bytes: Uint8Array): readonly Said[] {
    let heard: Said[] | undefined;
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      this.#lengthen(bytes, from, end);
      from = end + 1;
      const line = this.#line;
      this.#line = "";
      if (line === "ping" || line === "pong") {
        heard ??= [];
        heard.push({ said: line, nextMs: 0 });
      }
    }
    this.#lengthen(bytes, from, bytes.length);
    return heard ?? NOTHING;
  }

  /** More than six characters are no ping, and need not be kept. */
  #lengthen(bytes: Uint8Array, from: number, end: number): void {
    for (let at = from; at < end && this.#line.length < 6; at++) {
      const byte = bytes[at] ?? 0;
      if (byte !== 0x0d) this.#line += String.fromCharCode(byte);
    }
  }
}
