/**
 * What all connections of an engine read into. What is lent is a view of it, always from its
 * beginning, so the views for short reads are made once and lent again.
 */

/** What libuv suggests for one read, too. */
const BUFFER_BYTES = 64 * 1024;

/** A ping and its neighbours; a view of more is little beside what it takes to read it. */
const KEPT_VIEW_BYTES_MAX = 64;

export class LentBuffer {
  readonly bytes: Uint8Array = new Uint8Array(BUFFER_BYTES);
  readonly #views: readonly Uint8Array[];

  constructor() {
    this.#views = Array.from({ length: KEPT_VIEW_BYTES_MAX + 1 }, (_, byteCount) =>
      this.bytes.subarray(0, byteCount),
    );
  }

  /** The first `byteCount` bytes. */
  lend(byteCount: number): Uint8Array {
    return this.#views[byteCount] ?? this.bytes.subarray(0, byteCount);
  }
}
