/**
 * Bytes of the stream as messages.
 *
 * Each write of the frame dialect is one binary message; each line is one text message without its
 * line feed, in fragments if it comes in several writes. Easy to break: a slice is only a part of a
 * write, so a message goes on over slices; and UTF-8 may be cut anywhere between two fragments (RFC
 * 6455 section 5.6).
 */
import { BINARY_BYTES_MAX } from "./message-reader.ts";
import type { WsSocket } from "./ws-package.ts";

export type Speech = "binary" | "text";

const LF = 0x0a;
const NOTHING = new Uint8Array(0);

export class MessageWriter {
  readonly #ws: WsSocket;
  /** 4 for clients, whose frames are masked (RFC 6455 section 5.3). */
  readonly #maskBytes: number;
  /** Bytes of the message that was begun. */
  #begunBytes = 0;

  constructor(ws: WsSocket, isClient: boolean) {
    this.#ws = ws;
    this.#maskBytes = isClient ? 4 : 0;
  }

  /** Returns how many bytes went to the socket. `isLast`: the write ends here. */
  write(slice: Uint8Array, isLast: boolean, speech: Speech): number {
    return speech === "binary" ? this.#writeBinary(slice, isLast) : this.#writeLines(slice);
  }

  #writeBinary(slice: Uint8Array, isLast: boolean): number {
    this.#begunBytes += slice.length;
    // Nobody writes so much at once but a test, and its peer has limits.
    const isFull = this.#begunBytes + slice.length > BINARY_BYTES_MAX;
    return this.#send(slice, "binary", isLast || isFull);
  }

  #writeLines(slice: Uint8Array): number {
    let wireBytes = 0;
    let at = 0;
    while (at < slice.length) {
      const end = slice.indexOf(LF, at);
      if (end < 0) return wireBytes + this.#send(slice.subarray(at), "text", false);
      wireBytes += this.#send(slice.subarray(at, end), "text", true);
      at = end + 1;
    }
    return wireBytes;
  }

  #send(data: Uint8Array, speech: Speech, isFinal: boolean): number {
    // The end of a line that was begun may be its line feed alone.
    const payload = data.length === 0 ? NOTHING : data;
    this.#ws.send(payload, { binary: speech === "binary", fin: isFinal });
    if (isFinal) this.#begunBytes = 0;
    const { length } = data;
    return 2 + (length > 65_535 ? 8 : length > 125 ? 2 : 0) + this.#maskBytes + length;
  }
}
