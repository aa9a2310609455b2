/**
 * Deadlines for very many connections behind one process timer.
 *
 * A struct of arrays in blocks of 1024. Each block keeps a lower bound on its earliest deadline,
 * and a sweep visits only blocks whose bound has come. Moving a deadline later, which is what every
 * received byte does, is one store: the bound may then be too early, never too late, and is put
 * right when somebody looks (lazy re-arm). Moving one earlier must lower the bound at once: that is
 * the line that is easy to break. Times are exact (float64), so nothing is due early or rounded.
 *
 * Due slots stay due until `set` or `remove`. Between `collectDue` and the handling of its result a
 * slot may be removed and given to another owner, so whoever handles it must look at the owner's
 * own deadline again.
 */
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";

const BLOCK_SHIFT = 10;
const BLOCK_SLOTS: number = 1 << BLOCK_SHIFT;
const NEVER: number = Number.POSITIVE_INFINITY;
/** Marks a slot without owner: no comparison with it holds. */
const FREE: number = Number.NaN;

export class DeadlineTable {
  #deadlines: Float64Array = new Float64Array(BLOCK_SLOTS).fill(FREE);
  #bounds: Float64Array = new Float64Array(1).fill(NEVER);
  /** 1 where the deadline that the bound was taken from has moved later or gone. */
  #stale: Uint8Array = new Uint8Array(1);
  /** Slots that were used and given back; the last one is used first, which keeps blocks dense. */
  readonly #given: number[] = [];
  #usedCount = 0;
  /** Where the next sweep begins, so that a bounded sweep starves nobody. */
  #cursor = 0;

  get size(): number {
    return this.#usedCount - this.#given.length;
  }

  /** Takes a slot. Undefined: it is never due until `set`. */
  add(at: Instant | undefined): number {
    const slot = this.#given.pop() ?? this.#nextSlot();
    this.#deadlines[slot] = NEVER;
    this.set(slot, at);
    return slot;
  }

  set(slot: number, at: Instant | undefined): void {
    const before = this.#deadlines[slot];
    assert(before !== undefined && !Number.isNaN(before), "only a slot in use has a deadline");
    const after = at ?? NEVER;
    this.#deadlines[slot] = after;
    this.#moved(slot >> BLOCK_SHIFT, before, after);
  }

  /** `set` to a moment that is not earlier than before: `ms` after `from`. */
  postpone(slot: number, from: Instant, ms: number): void {
    const before = this.#deadlines[slot] as number;
    const block = slot >> BLOCK_SHIFT;
    this.#deadlines[slot] = from + ms;
    if (before <= (this.#bounds[block] as number)) this.#stale[block] = 1;
  }

  remove(slot: number): void {
    const before = this.#deadlines[slot];
    assert(before !== undefined && !Number.isNaN(before), "a slot is given back once");
    this.#deadlines[slot] = FREE;
    this.#given.push(slot);
    this.#moved(slot >> BLOCK_SHIFT, before, NEVER);
  }

  /**
   * Appends the slots whose deadline is `now` or earlier, at most `most` of them. The next call
   * goes on after the last one collected, so that each due slot gets its turn.
   */
  collectDue(now: Instant, into: number[], most: number = NEVER): void {
    const blockCount = this.#blockCount();
    const firstBlock = this.#cursor >> BLOCK_SHIFT;
    const offset = this.#cursor & (BLOCK_SLOTS - 1);
    let left = most;
    // The first block is visited twice: from the cursor on, and at the end up to the cursor.
    for (let step = 0; step <= blockCount && left > 0; step++) {
      const block = (firstBlock + step) % Math.max(1, blockCount);
      if ((this.#bounds[block] as number) > now) continue;
      const from = step === 0 ? offset : 0;
      const to = step === blockCount ? offset : BLOCK_SLOTS;
      left -= this.#collectFrom(block, from, to, now, into, left);
    }
  }

  /** The earliest deadline in the table. */
  nextAt(): Instant | undefined {
    for (;;) {
      const block = this.#earliestBlock();
      if (this.#stale[block] === 0) {
        const bound = this.#bounds[block] as number;
        return bound === NEVER ? undefined : (bound as Instant);
      }
      this.#tighten(block);
    }
  }

  #moved(block: number, before: number, after: number): void {
    const bound = this.#bounds[block] as number;
    if (after < bound) {
      this.#bounds[block] = after;
      this.#stale[block] = 0;
    } else if (before <= bound && after > before) this.#stale[block] = 1;
  }

  #collectFrom(
    block: number,
    from: number,
    to: number,
    now: Instant,
    into: number[],
    most: number,
  ): number {
    const base = block << BLOCK_SHIFT;
    let count = 0;
    for (let slot = base + from; slot < base + to; slot++) {
      if (!((this.#deadlines[slot] as number) <= now)) continue;
      into.push(slot);
      count += 1;
      if (count < most) continue;
      this.#cursor = slot + 1 < this.#blockCount() << BLOCK_SHIFT ? slot + 1 : 0;
      return count;
    }
    this.#tighten(block);
    return count;
  }

  #tighten(block: number): void {
    const base = block << BLOCK_SHIFT;
    let bound = NEVER;
    for (let slot = base; slot < base + BLOCK_SLOTS; slot++) {
      const at = this.#deadlines[slot] as number;
      if (at < bound) bound = at;
    }
    this.#bounds[block] = bound;
    this.#stale[block] = 0;
  }

  #earliestBlock(): number {
    let earliest = 0;
    for (let block = 1; block < this.#blockCount(); block++) {
      if ((this.#bounds[block] as number) < (this.#bounds[earliest] as number)) earliest = block;
    }
    return earliest;
  }

  #blockCount(): number {
    return (this.#usedCount + BLOCK_SLOTS - 1) >> BLOCK_SHIFT;
  }

  #nextSlot(): number {
    if (this.#usedCount === this.#deadlines.length) this.#grow();
    this.#usedCount += 1;
    return this.#usedCount - 1;
  }

  #grow(): void {
    const deadlines = new Float64Array(this.#deadlines.length * 2).fill(FREE);
    deadlines.set(this.#deadlines);
    const bounds = new Float64Array(this.#bounds.length * 2).fill(NEVER);
    bounds.set(this.#bounds);
    const stale = new Uint8Array(this.#stale.length * 2);
    stale.set(this.#stale);
    this.#deadlines = deadlines;
    this.#bounds = bounds;
    this.#stale = stale;
  }
}
