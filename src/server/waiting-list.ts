/**
 * First come, first in the list; leaving from anywhere costs O(1).
 *
 * The links are fields of the items, so that an item in no list costs two empty fields and no
 * object. A Map would do, but reading its first key walks over all that were deleted before it.
 */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

export class WaitingList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first;
  }

  /** The item must be in no list. */
  add(item: T): void {
    const last = this.#last;
    item.before = last;
    item.after = undefined;
    if (last === undefined) this.#first = item;
    else last.after = item;
    this.#last = item;
    this.#length += 1;
  }

  /** The item must be in this list. */
  remove(item: T): void {
    const { before, after } = item;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    item.before = undefined;
    item.after = undefined;
    this.#length -= 1;
  }
}
