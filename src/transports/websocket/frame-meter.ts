/**
 * Follows the bytes of a WebSocket (RFC 6455 section 5.2) to know what the decoder keeps.
 *
 * It decodes nothing and refuses nothing: `ws` does. What it knows is how many bytes came of a
 * message that is not complete, which has to go on, and how much memory that takes. Easy to break:
 *
 * - A ping between two fragments is no part of the message, and completes nothing.
 * - The decoder keeps views of what was read, so a whole read stays in memory for one byte of it;
 *   and each piece costs an object, however short it is. Pongs with one byte of a message in each
 *   read would otherwise be a gigabyte that counts as some kilobytes.
 */

const FINAL = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL = 0x08;
const TEXT = 0x01;

/** About what a view, or the memory below it, takes in Node besides its bytes. */
const PIECE_BYTES = 200;

/** For pieces: segments and fragments of some hundred bytes stay far below it. */
const PIECES_BYTES_MAX = 1024 * 1024;

/** Whether a read that begins with a frame is one short frame, as nearly all of them are. */
export function isWholeFrame(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  const maskBytes = (second & MASKED) === 0 ? 0 : 4;
  const payloadBytes = second & ~MASKED;
  const isShort = payloadBytes < 126 && (first & FINAL) !== 0;
  return isShort && bytes.length === 2 + maskBytes + payloadBytes;
}

export class FrameMeter {
  /** Bytes of a message, or of a frame, that is not complete. */
  heldBytes = 0;
  /** Whether the message under way, or the last one, is text. */
  isText = false;
  readonly #memoryBytesMax: number;
  /** The pieces of the message that is not complete, and the reads that they are in. */
  #messageBytes = 0;
  /** The reads that the ping or pong is in that is not complete. */
  #controlBytes = 0;
  /** Bytes of the present frame so far, its header included. */
  #frameBytes = 0;
  #headerBytes = 2;
  #lengthBytes = 0;
  #payloadBytes = 0;
  #first = 0;

  /** `messageBytesMax`: how long a message may be. */
  constructor(messageBytesMax: number) {
    this.#memoryBytesMax = 2 * messageBytesMax + PIECES_BYTES_MAX;
  }

  /** What the decoder keeps for it, in memory. */
  get memoryBytes(): number {
    return this.#messageBytes + this.#controlBytes;
  }

  /** No honest peer cuts a message into pieces that take so much. */
  get isTooMuch(): boolean {
    return this.memoryBytes > this.#memoryBytesMax;
  }

  /** Nothing has begun that is not complete. */
  get isAtRest(): boolean {
    return this.heldBytes === 0;
  }

  get inWords(): string {
    const { heldBytes, memoryBytes } = this;
    return `${heldBytes} bytes of a message came in pieces that take ${memoryBytes}`;
  }

  push(bytes: Uint8Array): void {
    const readBytes = bytes.length + PIECE_BYTES;
    let isKept = false;
    let at = 0;
    while (at < bytes.length) {
      const left = this.#headerBytes + this.#payloadBytes - this.#frameBytes;
      // The payload is known to its end once the header is complete.
      const step = this.#frameBytes < this.#headerBytes ? 1 : Math.min(left, bytes.length - at);
      if (this.#frameBytes < this.#headerBytes) this.#readHeader(bytes[at] ?? 0);
      this.#frameBytes += step;
      this.heldBytes += step;
      at += step;
      if (!this.#isControl) isKept = true;
      if (this.#frameBytes === this.#headerBytes + this.#payloadBytes) this.#endFrame();
      if (this.heldBytes === 0) isKept = false;
    }
    if (isKept) this.#messageBytes += readBytes;
    if (this.#frameBytes > 0 && this.#isControl) this.#controlBytes += readBytes;
  }

  get #isControl(): boolean {
    return (this.#first & OPCODE) >= FIRST_CONTROL;
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
    if (this.#isControl) {
      this.heldBytes -= this.#frameBytes;
      this.#controlBytes = 0;
    } else if ((this.#first & FINAL) !== 0) {
      this.heldBytes = 0;
      this.#messageBytes = 0;
    } else this.#messageBytes += PIECE_BYTES;
    this.#frameBytes = 0;
    this.#headerBytes = 2;
    this.#payloadBytes = 0;
  }
}
