/**
 * The last so many of something, oldest first.
 *
 * A full ring overwrites its oldest item and hands that back, so that whoever keeps an index of the
 * items can forget it at constant cost.
 */
export class EndRing<T> {
  readonly #itemsMax: number;
  readonly #items: T[] = [];
  /** Where the next item goes, once the ring is full. */
  #oldest = 0;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Keeps the item. Returns the one that had to go: the oldest, or `item` if nothing is kept. */
  push(item: T): T | undefined {
    if (this.#itemsMax === 0) return item;
    if (this.#items.length < this.#itemsMax) {
      this.#items.push(item);
      return undefined;
    }
    const gone = this.#items[this.#oldest];
    this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.#itemsMax;
    return gone;
  }

  /** A copy, oldest first. */
  list(): T[] {
    return [...this.#items.slice(this.#oldest), ...this.#items.slice(0, this.#oldest)];
  }
}
