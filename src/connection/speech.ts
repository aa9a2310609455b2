/**
 * How one dialect hears and speaks, so that the machine does not have to ask which one it is.
 *
 * A speech holds the decoder (and so whatever was half received) and turns what the machine wants
 * to say into bytes. It knows neither time nor phases.
 */
import { utf8 } from "../base/bytes.ts";
import { type Frame, PART_BYTES_MAX, type WireFault } from "../wire/frame.ts";
import {
  encodeFrame,
  encodePart,
  encodePing,
  encodePong,
  FrameDecoder,
} from "../wire/frame-codec.ts";
import { LineCodec } from "../wire/line-codec.ts";
import { encodeLine, type LineWords } from "../wire/line-words.ts";
import type { Dialect } from "./effects.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";

/** Something heard, in either dialect. A line ping counts as a frame without numbers. */
export type Heard =
  | Frame
  | { readonly kind: "preface"; readonly version: number }
  | { readonly kind: "line"; readonly text: string; readonly replaced: boolean }
  | WireFault;

export interface Speech {
  readonly dialect: Dialect;
  /** Bytes of a line or frame that is not complete. */
  readonly pendingBytes: number;
  push(lent: Uint8Array): void;
  next(): Heard | undefined;
  ping(seq: number, nextMs: number): Uint8Array;
  /** Undefined: this dialect answers with silence. */
  pong(seq: number, nextMs: number): Uint8Array | undefined;
  /** Undefined: this dialect knows no such frame. */
  control(frame: Frame): Uint8Array | undefined;
  /** The bytes of a whole message, from which `piece` cuts. */
  body(message: OutgoingMessage): Uint8Array;
  /** The next piece of a body, ready to be written; at most 64 KiB of it. */
  piece(message: OutgoingMessage, body: Uint8Array, from: number): Uint8Array;
  /** Lets all memory go. */
  release(): void;
}

const LINE_PING: Heard = { kind: "ping", seq: 0, nextMs: 0 };
const LINE_PONG: Heard = { kind: "pong", seq: 0, nextMs: 0 };

export class LineSpeech implements Speech {
  readonly dialect = "line";
  readonly #words: LineWords;
  readonly #codec: LineCodec;

  constructor(words: LineWords, lineBytesMax: number) {
    this.#words = words;
    this.#codec = new LineCodec(words, lineBytesMax);
  }

  get pendingBytes(): number {
    return this.#codec.pendingBytes;
  }

  push(lent: Uint8Array): void {
    this.#codec.push(lent);
  }

  release(): void {
    this.#codec.release();
  }

  next(): Heard | undefined {
    const event = this.#codec.next();
    if (event === undefined) return undefined;
    switch (event.kind) {
      case "ping":
        return LINE_PING;
      case "pong":
        return LINE_PONG;
      case "text":
        return { kind: "line", text: event.text, replaced: event.replaced };
      case "fault":
        return event;
      default:
        return event satisfies never;
    }
  }

  ping(): Uint8Array {
    return this.#words.pingBytes;
  }

  pong(): Uint8Array | undefined {
    return this.#words.pongBytes === false ? undefined : this.#words.pongBytes;
  }

  control(): undefined {
    return undefined;
  }

  body({ data, forms }: OutgoingMessage): Uint8Array {
    if (typeof data !== "string") return data;
    if (forms === undefined) return encodeLine(data);
    forms.line ??= encodeLine(data);
    return forms.line;
  }

  piece(_message: OutgoingMessage, body: Uint8Array, from: number): Uint8Array {
    if (body.length <= PART_BYTES_MAX) return body; // Its only piece.
    return body.subarray(from, from + PART_BYTES_MAX);
  }
}

export class FrameSpeech implements Speech {
  readonly dialect = "frame";
  readonly #decoder: FrameDecoder;

  constructor(role: "client" | "server") {
    this.#decoder = new FrameDecoder({ role });
  }

  get pendingBytes(): number {
    return this.#decoder.pendingBytes;
  }

  push(lent: Uint8Array): void {
    this.#decoder.push(lent);
  }

  release(): void {
    this.#decoder.release();
  }

  next(): Heard | undefined {
    return this.#decoder.next();
  }

  ping(seq: number, nextMs: number): Uint8Array {
    return encodePing(seq, nextMs);
  }

  pong(seq: number, nextMs: number): Uint8Array {
    return encodePong(seq, nextMs);
  }

  control(frame: Frame): Uint8Array {
    return encodeFrame(frame);
  }

  body({ data, forms }: OutgoingMessage): Uint8Array {
    if (typeof data !== "string") return data;
    if (forms === undefined) return utf8(data);
    forms.text ??= utf8(data);
    return forms.text;
  }

  piece({ data, forms }: OutgoingMessage, body: Uint8Array, from: number): Uint8Array {
    const first = typeof data === "string" ? "text" : "binary";
    if (body.length <= PART_BYTES_MAX) {
      if (forms === undefined) return encodePart(first, false, body);
      if (forms.frame === undefined) {
        forms.frame = encodePart(first, false, body);
        // Text is in the frame now, and need not be kept twice.
        if (first === "text") forms.text = forms.frame.subarray(forms.frame.length - body.length);
      }
      return forms.frame;
    }
    const payload = body.subarray(from, from + PART_BYTES_MAX);
    const more = from + payload.length < body.length;
    return encodePart(from === 0 ? first : "cont", more, payload);
  }
}
