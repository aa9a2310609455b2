/**
 * 1024 deadlines side by side, and a lower bound on the earliest of each 32 of them (a row).
 *
 * 64 blocks have their numbers in one array, a chunk: first all deadlines, then all bounds. With a
 * million slots the way to a number is what costs, and a few large arrays are always near. What no
 * block of a chunk has touched yet, the system has not given a page to; but the collector counts
 * it, so the first block of a table has a small chunk for itself, and moves when a second comes.
 *
 * A bound may be too early, never too late: whoever moves a deadline earlier has to call `lower`.
 * Moving one later is a plain store into the chunk; the bound is put right when it has come.
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
const CHUNK_SHIFT_BLOCKS = 6;
/** Blocks in one chunk. */
export const CHUNK_BLOCKS: number = 1 << CHUNK_SHIFT_BLOCKS;
export const CHUNK_SHIFT: number = BLOCK_SHIFT + CHUNK_SHIFT_BLOCKS;
export const CHUNK_SLOTS: number = 1 << CHUNK_SHIFT;

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

/** With room for so many slots. */
export function newChunk(slots: number): Float64Array {
  return new Float64Array(slots + slots / ROW_SLOTS);
}

export function slotsOf(chunk: Float64Array): number {
  return chunk.length - chunk.length / (ROW_SLOTS + 1);
}

export class DeadlineBlock<Owner> {
  readonly owners: (Owner | undefined)[] = new Array<Owner | undefined>(BLOCK_SLOTS);
  #chunk: Float64Array;
  /** Where in the chunk its deadlines begin, and the bounds of its rows. */
  readonly #slotsFrom: number;
  #rowsFrom: number;
  #firstFree = 0;
  #usedCount = 0;

  /** Takes place number `place` of a chunk, which nobody else has. */
  constructor(chunk: Float64Array, place: number) {
    this.#chunk = chunk;
    this.#slotsFrom = place << BLOCK_SHIFT;
    this.#rowsFrom = slotsOf(chunk) + place * BLOCK_ROWS;
    for (let slot = 0; slot < BLOCK_SLOTS; slot++) {
      chunk[this.#slotsFrom + slot] = FREE_FROM + slot + 1;
    }
    chunk.fill(NEVER, this.#rowsFrom, this.#rowsFrom + BLOCK_ROWS);
  }

  /** From a small chunk to its place in a large one. */
  moveTo(chunk: Float64Array): void {
    const slots = this.#slotsFrom;
    const rows = this.#rowsFrom;
    const rowsFrom = slotsOf(chunk) + (slots >> ROW_SHIFT);
    chunk.set(this.#chunk.subarray(slots, slots + BLOCK_SLOTS), slots);
    chunk.set(this.#chunk.subarray(rows, rows + BLOCK_ROWS), rowsFrom);
    this.#chunk = chunk;
    this.#rowsFrom = rowsFrom;
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
    const next = (this.#chunk[this.#slotsFrom + slot] as number) - FREE_FROM;
    assert(next >= 0 && next <= BLOCK_SLOTS, NOT_MOVED);
    this.#firstFree = next;
    this.#usedCount += 1;
    this.#chunk[this.#slotsFrom + slot] = NEVER;
    this.owners[slot] = owner;
    return slot;
  }

  give(slot: number): void {
    const at = this.#chunk[this.#slotsFrom + slot] as number;
    assert(at < FREE_FROM || at === NEVER, "a slot is given back once");
    this.#chunk[this.#slotsFrom + slot] = FREE_FROM + this.#firstFree;
    this.#firstFree = slot;
    this.#usedCount -= 1;
    this.owners[slot] = undefined;
  }

  /** Sets a deadline. True if it lowered the bound of a row, and that of the block may follow. */
  set(slot: number, at: number): boolean {
    const chunk = this.#chunk;
    const before = chunk[this.#slotsFrom + slot] as number;
    assert(before < FREE_FROM || before === NEVER, "only a slot in use has a deadline");
    chunk[this.#slotsFrom + slot] = at;
    const row = this.#rowsFrom + (slot >> ROW_SHIFT);
    if (at >= before || at >= (chunk[row] as number)) return false;
    chunk[row] = at;
    return true;
  }

  /** The least of the bounds. */
  bound(): number {
    let least = NEVER;
    for (let row = this.#rowsFrom; row < this.#rowsFrom + BLOCK_ROWS; row++) {
      const at = this.#chunk[row] as number;
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
      if ((this.#chunk[this.#rowsFrom + row] as number) >= earliest) continue;
      readCount += 1;
      const at = this.#leastIn(row);
      this.#chunk[this.#rowsFrom + row] = at;
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
      if ((this.#chunk[this.#rowsFrom + row] as number) > sweep.now) continue;
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
      const at = this.#chunk[this.#slotsFrom + slot] as number;
      if (at <= now) {
        assert(this.owners[slot] !== undefined, NOT_MOVED);
        into.push(base + slot);
      }
      if (at < least) least = at;
    }
    this.#chunk[this.#rowsFrom + row] = least;
  }

  #leastIn(row: number): number {
    const from = this.#slotsFrom + (row << ROW_SHIFT);
    let least = NEVER;
    for (let slot = from; slot < from + ROW_SLOTS; slot++) {
      const at = this.#chunk[slot] as number;
      if (at < least) least = at;
    }
    return least;
  }
}
