/** First in, first out, with a bound on what its items weigh together. Both ends cost O(1). */

export class BoundedQueue<T> {
  readonly #weightMax: number;
  #items: { readonly item: T; readonly weight: number }[] = [];
  #head = 0;
  #weight = 0;

  constructor(weightMax: number) {
    this.#weightMax = weightMax;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Takes the item in, or returns false and changes nothing when it does not fit. */
  push(item: T, weight: number): boolean {
    if (this.#weight + weight > this.#weightMax) return false;
    this.#items.push({ item, weight });
    this.#weight += weight;
    return true;
  }

  peek(): T | undefined {
    return this.#items[this.#head]?.item;
  }

  shift(): T | undefined {
    const first = this.#items[this.#head];
    if (first === undefined) return undefined;
    this.#head += 1;
    this.#weight -= first.weight;
    // Moving the rest down only when half of the array is spent keeps the cost per item constant.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first.item;
  }

  /** Removes and returns everything, oldest first. */
  drain(): T[] {
    const all = this.#items.slice(this.#head).map(({ item }) => item);
    this.#items = [];
    this.#head = 0;
    this.#weight = 0;
    return all;
  }
}
