/**
 * The bytes that arrived and are not consumed yet.
 *
 * Pushed bytes are lent: they are read where they lie, and only what is left when the codec has run
 * dry is copied (`keep`). So a read that ends with a whole line or frame costs no copy, and an idle
 * connection holds no memory. Easy to break: after `push` the codec must consume everything, or
 * call `keep`, before the lender takes its bytes back. Copying is linear: each copy of n bytes is
 * paid for by n bytes that were received or consumed since the one before it.
 */
import { assert } from "../base/assert.ts";
import { NO_BYTES } from "../base/bytes.ts";

/** The smallest array worth allocating: half a ping line fits. */
const CAPACITY_MIN = 64;
/** Below this, giving memory back is not worth an allocation. */
const SHRINK_ABOVE = 1024;
/** Below this, a plain loop beats the making of a view. */
const SHORT_SCAN = 32;

export class ReceiveBuffer {
  readonly #keptBytesMax: number;
  #bytes: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  /** True while `#bytes` belongs to the caller of `push`. */
  #isLent = false;

  /** `keptBytesMax` is what the codec promises to leave unconsumed at most. */
  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  /** Where the bytes lie, for reading only: from `start`, up to and without `end`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Memory that is ours, whether it is in use or not. */
  get capacityBytes(): number {
    return this.#isLent ? 0 : this.#bytes.length;
  }

  push(lent: Uint8Array): void {
    assert(!this.#isLent, "a codec runs dry before the next bytes are pushed");
    if (lent.length === 0) return;
    if (this.length === 0) {
      this.#bytes = lent;
      this.#start = 0;
      this.#end = lent.length;
      this.#isLent = true;
      return;
    }
    this.#reserve(lent.length);
    this.#bytes.set(lent, this.#end);
    this.#end += lent.length;
  }

  /** The distance from `start` to the first such byte at or after `from`, or -1. */
  indexOf(byte: number, from: number): number {
    const first = this.#start + from;
    if (this.#end - first > SHORT_SCAN) {
      const found = this.#bytes.subarray(first, this.#end).indexOf(byte);
      return found < 0 ? -1 : from + found;
    }
    for (let at = first; at < this.#end; at++) {
      if (this.#bytes[at] === byte) return at - this.#start;
    }
    return -1;
  }

  /** Consumes. Views that were taken before stay valid until the next `push`. */
  skip(count: number): void {
    assert(count <= this.length, "only bytes that arrived are consumed");
    this.#start += count;
    if (this.#start === this.#end) this.release();
  }

  /** Copies what is left of lent bytes. To be called when the codec has run dry. */
  keep(): void {
    const held = this.length;
    assert(held <= this.#keptBytesMax, "a codec refuses what is over its limit");
    const isWasteful = this.#bytes.length > SHRINK_ABOVE && this.#bytes.length > 4 * held;
    if (held === 0) this.release();
    else if (this.#isLent || isWasteful) this.#moveTo(Math.max(CAPACITY_MIN, held));
  }

  /** Forgets everything. */
  release(): void {
    this.#bytes = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
    this.#isLent = false;
  }

  /** Makes room behind the last byte. Grows by what has arrived, not by what was announced. */
  #reserve(extra: number): void {
    if (this.#end + extra <= this.#bytes.length) return;
    const held = this.length;
    const needed = held + extra;
    if (needed <= this.#bytes.length && this.#start >= held) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = held;
      return;
    }
    this.#moveTo(Math.max(CAPACITY_MIN, needed, 2 * held));
  }

  #moveTo(capacity: number): void {
    const held = this.length;
    const roomier = new Uint8Array(capacity);
    roomier.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = roomier;
    this.#start = 0;
    this.#end = held;
    this.#isLent = false;
  }
}
