/**
 * 1024 deadlines side by side, and a lower bound on the earliest of each 32 of them (a row).
 *
 * A bound may be too early, never too late: whoever moves a deadline earlier has to call `lower`.
 * Moving one later is a plain store into `moments`; the bound is put right when it has come.
 *
 * A free slot holds `FREE_FROM` plus the number of the next free one, which is later than any
 * deadline, so that no comparison has to ask who is in use. `NEVER` is in use, and never due.
 */
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";

export const BLOCK_SHIFT = 10;
export const BLOCK_SLOTS: number = 1 << BLOCK_SHIFT;
const ROW_SHIFT = 5;
export const ROW_SLOTS: number = 1 << ROW_SHIFT;
export const BLOCK_ROWS: number = BLOCK_SLOTS / ROW_SLOTS;

export const NEVER: number = Number.POSITIVE_INFINITY;
/** In milliseconds 140,000 years; numbers are exact up to twice as much. */
export const FREE_FROM: number = 2 ** 52;

const NOT_MOVED = "nobody moves the deadline of a slot that was given back";

/** What one call may still do, and what it has found. */
export interface Sweep {
  readonly now: Instant;
  /** The numbers of the due slots, counted from the first slot of the table. */
  readonly into: number[];
  /** No further row is begun once `into` is as long as this. */
  readonly enoughLength: number;
  rowsLeft: number;
}

export class DeadlineBlock<Owner> {
  /** The deadlines, and behind them the bounds of the rows: one array, since each one costs. */
  readonly moments: Float64Array = new Float64Array(BLOCK_SLOTS + BLOCK_ROWS);
  readonly owners: (Owner | undefined)[] = new Array<Owner | undefined>(BLOCK_SLOTS);
  #firstFree = 0;
  #usedCount = 0;

  constructor() {
    for (let slot = 0; slot < BLOCK_SLOTS; slot++) this.moments[slot] = FREE_FROM + slot + 1;
    this.moments.fill(NEVER, BLOCK_SLOTS);
  }

  get isFull(): boolean {
    return this.#usedCount === BLOCK_SLOTS;
  }

  get isEmpty(): boolean {
    return this.#usedCount === 0;
  }

  /** Takes a slot that is never due so far. The one given back last is taken first. */
  take(owner: Owner): number {
    const slot = this.#firstFree;
    const next = (this.moments[slot] as number) - FREE_FROM;
    assert(next >= 0 && next <= BLOCK_SLOTS, NOT_MOVED);
    this.#firstFree = next;
    this.#usedCount += 1;
    this.moments[slot] = NEVER;
    this.owners[slot] = owner;
    return slot;
  }

  give(slot: number): void {
    const at = this.moments[slot] as number;
    assert(at < FREE_FROM || at === NEVER, "a slot is given back once");
    this.moments[slot] = FREE_FROM + this.#firstFree;
    this.#firstFree = slot;
    this.#usedCount -= 1;
    this.owners[slot] = undefined;
  }

  /** True if the bound of the row had to be lowered, and that of the block may have to be. */
  lower(slot: number, at: number): boolean {
    const row = BLOCK_SLOTS + (slot >> ROW_SHIFT);
    if (at >= (this.moments[row] as number)) return false;
    this.moments[row] = at;
    return true;
  }

  /** The least of the bounds. */
  bound(): number {
    let least = NEVER;
    for (let row = BLOCK_SLOTS; row < BLOCK_SLOTS + BLOCK_ROWS; row++) {
      const at = this.moments[row] as number;
      if (at < least) least = at;
    }
    return least;
  }

  /**
   * Puts right the bounds that matter for finding the earliest deadline before `until`.
   * Returns how many rows it read.
   */
  tighten(until: number): number {
    let earliest = until;
    let readCount = 0;
    for (let row = 0; row < BLOCK_ROWS; row++) {
      if ((this.moments[BLOCK_SLOTS + row] as number) >= earliest) continue;
      readCount += 1;
      const at = this.#leastIn(row);
      this.moments[BLOCK_SLOTS + row] = at;
      if (at < earliest) earliest = at;
    }
    return readCount;
  }

  /**
   * Collects what is due in the rows from `from` up to, not including `to`. Returns the row at
   * which it stopped for lack of room or work, or `to`.
   */
  collect(base: number, from: number, to: number, sweep: Sweep): number {
    for (let row = from; row < to; row++) {
      if ((this.moments[BLOCK_SLOTS + row] as number) > sweep.now) continue;
      if (sweep.rowsLeft === 0 || sweep.into.length >= sweep.enoughLength) return row;
      sweep.rowsLeft -= 1;
      this.#collectRow(base, row, sweep);
    }
    return to;
  }

  #collectRow(base: number, row: number, { now, into }: Sweep): void {
    const from = row << ROW_SHIFT;
    let least = NEVER;
    for (let slot = from; slot < from + ROW_SLOTS; slot++) {
      const at = this.moments[slot] as number;
      if (at <= now) {
        assert(this.owners[slot] !== undefined, NOT_MOVED);
        into.push(base + slot);
      }
      if (at < least) least = at;
    }
    this.moments[BLOCK_SLOTS + row] = least;
  }

  #leastIn(row: number): number {
    const from = row << ROW_SHIFT;
    let least = NEVER;
    for (let slot = from; slot < from + ROW_SLOTS; slot++) {
      const at = this.moments[slot] as number;
      if (at < least) least = at;
    }
    return least;
  }
}
