/**
 * Follows the bytes of a WebSocket (RFC 6455 section 5.2) to know what the decoder keeps.
 *
 * It decodes nothing and refuses nothing: `ws` does. What it knows is how many bytes came of a
 * message that is not complete, which counts against the budget of all buffers and has to go on.
 * Easy to break: a ping between two fragments is no part of the message, and completes nothing.
 */

const FINAL = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL = 0x08;
const TEXT = 0x01;

export class FrameMeter {
  /** Bytes of a message, or of a frame, that is not complete. */
  heldBytes = 0;
  /** Whether the message under way, or the last one, is text. */
  isText = false;
  /** Bytes of the present frame so far, its header included. */
  #frameBytes = 0;
  #headerBytes = 2;
  #lengthBytes = 0;
  #payloadBytes = 0;
  #first = 0;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const left = this.#headerBytes + this.#payloadBytes - this.#frameBytes;
      // The payload is known to its end once the header is complete.
      const step = this.#frameBytes < this.#headerBytes ? 1 : Math.min(left, bytes.length - at);
      if (this.#frameBytes < this.#headerBytes) this.#readHeader(bytes[at] ?? 0);
      this.#frameBytes += step;
      this.heldBytes += step;
      at += step;
      if (this.#frameBytes === this.#headerBytes + this.#payloadBytes) this.#endFrame();
    }
  }

  #readHeader(byte: number): void {
    const at = this.#frameBytes;
    if (at === 0) {
      this.#first = byte;
      const opcode = byte & OPCODE;
      if (opcode > 0 && opcode < FIRST_CONTROL) this.isText = opcode === TEXT;
    } else if (at === 1) {
      const length = byte & ~MASKED;
      this.#lengthBytes = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#payloadBytes = this.#lengthBytes === 0 ? length : 0;
      this.#headerBytes = 2 + this.#lengthBytes + ((byte & MASKED) === 0 ? 0 : 4);
    } else if (at < 2 + this.#lengthBytes) {
      this.#payloadBytes = this.#payloadBytes * 256 + byte;
    }
  }

  #endFrame(): void {
    const isControl = (this.#first & OPCODE) >= FIRST_CONTROL;
    if (isControl) this.heldBytes -= this.#frameBytes;
    else if ((this.#first & FINAL) !== 0) this.heldBytes = 0;
    this.#frameBytes = 0;
    this.#headerBytes = 2;
    this.#payloadBytes = 0;
  }
}
