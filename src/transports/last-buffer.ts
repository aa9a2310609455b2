/**
 * Spares a socket the making of a Buffer for bytes that are written again and again.
 *
 * Node wraps whatever else it is given into a Buffer for each write. The answer to a ping in the
 * line dialect is one array for all connections of a listener, and a short broadcast is, too; so
 * their Buffer is made when the same array comes a second time. Easy to break: what is remembered
 * stays in memory, so it must be short, and not a view of something long.
 */

const BYTES_MAX = 64;

export class LastBuffer {
  #bytes: Uint8Array | undefined;
  #buffer: Buffer | undefined;

  /** The same bytes in the same memory, as a Buffer if they are those of the call before. */
  of(bytes: Uint8Array): Uint8Array {
    if (bytes === this.#bytes) {
      this.#buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      return this.#buffer;
    }
    const isShort = bytes.length <= BYTES_MAX && bytes.buffer.byteLength <= BYTES_MAX;
    this.#bytes = isShort ? bytes : undefined;
    this.#buffer = undefined;
    return bytes;
  }
}
