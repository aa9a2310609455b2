/**
 * One budget for all that the connections of a server buffer: partial input and queued output.
 *
 * A change costs O(1). Only when the sum exceeds the budget are the holders looked through: the
 * largest end first, until an eighth of the budget is free again, so that one more byte does not
 * start the search anew. A holder that was chosen counts as freed at once, because its end may have
 * to wait for the step in which it is.
 */

/** Whoever buffers. The budget alone writes these fields. */
export interface Holder {
  heldBytes: number;
  /** Chosen to end for the budget's sake; what it still holds is not counted any more. */
  isDoomed: boolean;
}

export class BufferBudget<H extends Holder> {
  #bytesMax: number;
  readonly #holders: () => Iterable<H>;
  readonly #end: (holder: H) => void;
  #bytes = 0;
  #bytesPeak = 0;
  /** How often some had to end. */
  reliefs = 0;

  /** `end` must lead to the end of the holder; it may call back into this budget. */
  constructor(bytesMax: number, holders: () => Iterable<H>, end: (holder: H) => void) {
    this.#bytesMax = bytesMax;
    this.#holders = holders;
    this.#end = end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** No less than what is held, so that a smaller budget ends nobody. */
  set bytesMax(bytesMax: number) {
    this.#bytesMax = Math.max(bytesMax, this.#bytes);
  }

  get bytesPeak(): number {
    return this.#bytesPeak;
  }

  /** The holder has so many bytes more, or fewer. */
  change(holder: H, byBytes: number): void {
    if (holder.isDoomed) return;
    holder.heldBytes += byBytes;
    this.#bytes += byBytes;
    this.#bytesPeak = Math.max(this.#bytesPeak, this.#bytes);
    if (this.#bytes > this.#bytesMax) this.#relieve();
  }

  /** The holder is gone, with whatever it held. */
  forget(holder: H): void {
    if (holder.isDoomed) return;
    this.#bytes -= holder.heldBytes;
    holder.heldBytes = 0;
  }

  #relieve(): void {
    this.reliefs += 1;
    const bytesAim = this.#bytesMax - this.#bytesMax / 8;
    const largestFirst = [...this.#holders()]
      .filter((holder) => holder.heldBytes > 0 && !holder.isDoomed)
      .sort((one, other) => other.heldBytes - one.heldBytes);
    for (const holder of largestFirst) {
      if (this.#bytes <= bytesAim) return;
      if (holder.isDoomed) continue; // An end may lead to other ends.
      this.#bytes -= holder.heldBytes;
      holder.isDoomed = true;
      this.#end(holder);
    }
  }
}
