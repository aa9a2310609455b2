/**
 * What is to happen, first things first; ties in the order in which they were asked for.
 *
 * Easy to break: the order of ties is part of every trace, so each entry carries a number of its
 * own. What is forgotten stays in the heap without its callback until it comes to the top, and is
 * swept out when more than half of the heap is of that kind.
 */

export interface HeapEntry {
  readonly atMs: number;
  readonly order: number;
  /** Undefined once it ran or was forgotten. */
  run: (() => void) | undefined;
}

/** Below this size the dead weight is not worth a sweep. */
const SWEEP_SIZE_MIN = 64;

export class EventHeap {
  #entries: HeapEntry[] = [];
  #order = 0;
  #forgotten = 0;

  /** How many entries wait to run. */
  get size(): number {
    return this.#entries.length - this.#forgotten;
  }

  /** The number that the next entry will carry. */
  get nextOrder(): number {
    return this.#order;
  }

  push(atMs: number, run: () => void): HeapEntry {
    const entry: HeapEntry = { atMs, order: this.#order++, run };
    this.#entries.push(entry);
    this.#rise(this.#entries.length - 1);
    return entry;
  }

  /** True if it was still waiting. */
  forget(entry: HeapEntry): boolean {
    if (entry.run === undefined) return false;
    entry.run = undefined;
    this.#forgotten += 1;
    const { length } = this.#entries;
    if (length >= SWEEP_SIZE_MIN && this.#forgotten > length / 2) this.#sweep();
    return true;
  }

  /** The first that waits; it stays. */
  first(): HeapEntry | undefined {
    let top = this.#entries[0];
    while (top !== undefined && top.run === undefined) {
      this.#removeTop();
      this.#forgotten -= 1;
      top = this.#entries[0];
    }
    return top;
  }

  /** Takes the first out and returns its callback, for the caller to run. */
  take(): (() => void) | undefined {
    const top = this.first();
    if (top === undefined) return undefined;
    this.#removeTop();
    const { run } = top;
    top.run = undefined;
    return run;
  }

  #removeTop(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#entries = this.#entries.filter(({ run }) => run !== undefined);
    this.#forgotten = 0;
    for (let index = (this.#entries.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  #rise(from: number): void {
    const entries = this.#entries;
    const entry = entries[from] as HeapEntry;
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = entries[above] as HeapEntry;
      if (!isBefore(entry, parent)) break;
      entries[index] = parent;
      index = above;
    }
    entries[index] = entry;
  }

  #sink(from: number): void {
    const entries = this.#entries;
    const entry = entries[from] as HeapEntry;
    const { length } = entries;
    let index = from;
    for (let below = 2 * index + 1; below < length; below = 2 * index + 1) {
      const right = below + 1;
      if (right < length && isBefore(entries[right] as HeapEntry, entries[below] as HeapEntry)) {
        below = right;
      }
      const child = entries[below] as HeapEntry;
      if (!isBefore(child, entry)) break;
      entries[index] = child;
      index = below;
    }
    entries[index] = entry;
  }
}

function isBefore(one: HeapEntry, other: HeapEntry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
