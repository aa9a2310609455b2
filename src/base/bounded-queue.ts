/**
 * First in, first out, with a bound on what its items weigh together. Both ends cost O(1).
 *
 * A chain and not an array: most queues hold one item for a moment, which then costs one link, and
 * an empty queue holds nothing.
 */

interface Link<T> {
  readonly item: T;
  readonly weight: number;
  next: Link<T> | undefined;
}

export class BoundedQueue<T> {
  readonly #weightMax: number;
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #length = 0;
  #weight = 0;

  constructor(weightMax: number) {
    this.#weightMax = weightMax;
  }

  get length(): number {
    return this.#length;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Takes the item in, or returns false and changes nothing when it does not fit. */
  push(item: T, weight: number): boolean {
    if (this.#weight + weight > this.#weightMax) return false;
    const link: Link<T> = { item, weight, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#length += 1;
    this.#weight += weight;
    return true;
  }

  peek(): T | undefined {
    return this.#first?.item;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = first.next;
    if (first.next === undefined) this.#last = undefined;
    this.#length -= 1;
    this.#weight -= first.weight;
    return first.item;
  }

  /** Removes and returns everything, oldest first. */
  drain(): T[] {
    const all: T[] = [];
    for (let link = this.#first; link !== undefined; link = link.next) all.push(link.item);
    this.#first = undefined;
    this.#last = undefined;
    this.#length = 0;
    this.#weight = 0;
    return all;
  }
}
