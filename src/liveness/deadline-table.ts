/**
 * Deadlines for very many connections behind one process timer.
 *
 * Blocks of 1024 slots, made when they are needed and let go when nobody is left in them; memory is
 * given back once that holds for the 64 blocks of a chunk. There is a lower bound on the earliest
 * deadline of each block, and in a block of each row of 32. Moving a deadline later, which is what
 * every received byte does, is one store: the bound may then be too early, never too late, and is
 * put right once it has come (lazy re-arm). With beats each 30 seconds that is once in 30 seconds
 * for each row. Moving one earlier must lower both bounds at once: that is the line that is easy to
 * break. Times are exact (float64), so nothing is due early or rounded.
 *
 * No call reads more than `SLOTS_PER_LOOK` deadlines, less than a millisecond's work. What is left
 * over, the next call goes on with. So a due one is found by the first call among so many slots;
 * among 1,000,000 by the fourth, if everybody's bound has come in the same moment.
 *
 * Due slots stay due until `set` or `remove`. Between `collectDue` and the handling of its result a
 * slot may be removed and given to another owner, so whoever handles it must look at the owner's
 * own deadline again.
 */
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";
import {
  BLOCK_ROWS,
  BLOCK_SHIFT,
  BLOCK_SLOTS,
  CHUNK_BLOCKS,
  CHUNK_SHIFT,
  CHUNK_SLOTS,
  DeadlineBlock,
  FREE_FROM,
  NEVER,
  newChunk,
  ROW_SLOTS,
  slotsOf,
  type Sweep,
} from "./deadline-block.ts";

const SLOTS_PER_LOOK: number = 2 ** 18;
const NO_CHUNK: Float64Array = new Float64Array(0);

export class DeadlineTable<Owner> {
  readonly #rowsPerLook: number;
  /** Undefined: nobody was left in it. The last one is never that. */
  readonly #blocks: (DeadlineBlock<Owner> | undefined)[] = [];
  /** Where the deadlines are: in each chunk those of 64 blocks. Empty once all these are gone. */
  readonly #chunks: Float64Array[] = [];
  readonly #bounds: number[] = [];
  #usedCount = 0;
  /** No block before this one has room. */
  #open = 0;
  /** The only empty block: kept, so that coming and going at its edge does not make it anew. */
  #kept: number | undefined;
  /** The row, counted through all blocks, at which collecting goes on: it starves nobody. */
  #collectFrom = 0;
  /** The block at which looking for the earliest goes on. */
  #lookFrom = 0;

  /** `slotsPerLook`: a block at least. */
  constructor(slotsPerLook: number = SLOTS_PER_LOOK) {
    this.#rowsPerLook = slotsPerLook / ROW_SLOTS;
  }

  get size(): number {
    return this.#usedCount;
  }

  /** No slot is as high as this. */
  get slotsEnd(): number {
    return this.#blocks.length << BLOCK_SHIFT;
  }

  /** How many slots there are blocks for. */
  get heldSlots(): number {
    let count = 0;
    for (const block of this.#blocks) if (block !== undefined) count += BLOCK_SLOTS;
    return count;
  }

  /** How many slots there is memory for; the system gives pages to those of blocks only. */
  get reservedSlots(): number {
    return this.#chunks.reduce((sum, chunk) => sum + slotsOf(chunk), 0);
  }

  /** Takes a slot, as low a one as there is. Undefined: it is never due until `set`. */
  add(owner: Owner, at: Instant | undefined): number {
    const number = this.#numberWithRoom();
    const block = this.#blocks[number] ?? this.#begin(number);
    if (number === this.#kept) this.#kept = undefined;
    this.#usedCount += 1;
    const slot = (number << BLOCK_SHIFT) + block.take(owner);
    this.set(slot, at);
    return slot;
  }

  set(slot: number, at: Instant | undefined): void {
    const after = at ?? NEVER;
    assert(after < FREE_FROM || after === NEVER, "a deadline is a moment");
    const isLower = this.#blockOf(slot).set(slot & (BLOCK_SLOTS - 1), after);
    if (isLower) this.#lower(slot >> BLOCK_SHIFT, after);
  }

  /**
   * Cheaper than `set`, for a deadline that is not earlier than the present one: to `ms` after the
   * moment in `from`. It is one store, and reads nothing of the slot: in a crowd its memory is far
   * away, and a store need not wait for it. So nothing is checked here: moving one earlier in this
   * way makes it late, and one that was given back is found out when it is due, or given away
   * again.
   */
  postpone(slot: number, from: Float64Array, ms: number): void {
    const chunk = this.#chunks[slot >> CHUNK_SHIFT] as Float64Array;
    chunk[slot & (CHUNK_SLOTS - 1)] = (from[0] as number) + ms;
  }

  remove(slot: number): void {
    const number = slot >> BLOCK_SHIFT;
    const block = this.#blockOf(slot);
    block.give(slot & (BLOCK_SLOTS - 1));
    this.#usedCount -= 1;
    if (number < this.#open) this.#open = number;
    if (block.isEmpty) this.#keepOneEmpty(number);
  }

  /** Whoever comes or goes during the walk may be among them, or not. */
  *owners(): IterableIterator<Owner> {
    for (let number = 0; number < this.#blocks.length; number++) {
      for (let index = 0; index < BLOCK_SLOTS; index++) {
        const owner = this.#blocks[number]?.owners[index];
        if (owner !== undefined) yield owner;
      }
    }
  }

  /** Undefined if the slot is free. */
  owner(slot: number): Owner | undefined {
    return this.#blocks[slot >> BLOCK_SHIFT]?.owners[slot & (BLOCK_SLOTS - 1)];
  }

  /**
   * Appends the slots whose deadline is `now` or earlier. It stops once it has `enough` (a row may
   * bring up to 31 more) or has read enough, and then returns false: the next call goes on from
   * there, so that each due slot gets its turn.
   */
  collectDue(now: Instant, into: number[], enough: number = NEVER): boolean {
    const sweep: Sweep = {
      now,
      into,
      enoughLength: into.length + enough,
      rowsLeft: this.#rowsPerLook,
    };
    const blockCount = this.#blocks.length;
    const firstBlock = Math.floor(this.#collectFrom / BLOCK_ROWS);
    const firstRow = this.#collectFrom % BLOCK_ROWS;
    // The first block is visited twice: from the row on, and at the end up to the row.
    for (let step = 0; step <= blockCount; step++) {
      const number = (firstBlock + step) % Math.max(1, blockCount);
      const block = this.#blocks[number];
      if (block === undefined || (this.#bounds[number] as number) > now) continue;
      const from = step === 0 ? firstRow : 0;
      const to = step === blockCount ? firstRow : BLOCK_ROWS;
      const stoppedAt = block.collect(number << BLOCK_SHIFT, from, to, sweep);
      this.#bounds[number] = block.bound();
      if (stoppedAt === to) continue;
      this.#collectFrom = number * BLOCK_ROWS + stoppedAt;
      return false;
    }
    return true;
  }

  /**
   * The earliest deadline, if it is before `until`; otherwise `until`. Where one look does not do,
   * it may be earlier than that, and asking again goes on.
   */
  nextAt(until: Instant): Instant;
  nextAt(): Instant | undefined;
  nextAt(until: number = NEVER): Instant | undefined {
    const blockCount = this.#blocks.length;
    const firstBlock = this.#lookFrom;
    let rowsLeft = this.#rowsPerLook;
    let earliest = until;
    for (let step = 0; step < blockCount; step++) {
      const number = (firstBlock + step) % blockCount;
      const block = this.#blocks[number];
      if (block === undefined || (this.#bounds[number] as number) >= earliest) continue;
      if (rowsLeft >= BLOCK_ROWS) {
        rowsLeft -= block.tighten(earliest);
        this.#bounds[number] = block.bound();
        this.#lookFrom = (number + 1) % blockCount;
      }
      earliest = Math.min(earliest, this.#bounds[number] as number);
    }
    return earliest >= FREE_FROM ? undefined : (earliest as Instant);
  }

  #blockOf(slot: number): DeadlineBlock<Owner> {
    const block = this.#blocks[slot >> BLOCK_SHIFT];
    assert(block !== undefined, "only a slot that was given has a deadline");
    return block;
  }

  #lower(number: number, at: number): void {
    if (at < (this.#bounds[number] as number)) this.#bounds[number] = at;
  }

  #numberWithRoom(): number {
    while (this.#blocks[this.#open]?.isFull === true) this.#open += 1;
    return this.#open;
  }

  #begin(number: number): DeadlineBlock<Owner> {
    const chunk = this.#chunkFor(number);
    const block = new DeadlineBlock<Owner>(chunk, number % CHUNK_BLOCKS);
    this.#blocks[number] = block;
    this.#bounds[number] = NEVER;
    return block;
  }

  #chunkFor(number: number): Float64Array {
    const chunkNumber = Math.floor(number / CHUNK_BLOCKS);
    const before = this.#chunks[chunkNumber] ?? NO_CHUNK;
    if (slotsOf(before) === CHUNK_SLOTS) return before;
    const chunk = newChunk(this.#blocks.length === 0 ? BLOCK_SLOTS : CHUNK_SLOTS);
    // A small chunk has the very first block, and nobody else.
    if (before !== NO_CHUNK) this.#blocks[0]?.moveTo(chunk);
    this.#chunks[chunkNumber] = chunk;
    return chunk;
  }

  /** Of two empty blocks the later one is let go. */
  #keepOneEmpty(number: number): void {
    const kept = this.#kept ?? number;
    this.#kept = Math.min(kept, number);
    if (kept === number) return;
    const gone = Math.max(kept, number);
    this.#blocks[gone] = undefined;
    this.#bounds[gone] = NEVER;
    this.#dropChunkOf(gone);
    while (this.#blocks.length > 0 && this.#blocks.at(-1) === undefined) {
      this.#blocks.pop();
      this.#bounds.pop();
    }
    this.#chunks.length = Math.ceil(this.#blocks.length / CHUNK_BLOCKS);
  }

  #dropChunkOf(number: number): void {
    const chunk = Math.floor(number / CHUNK_BLOCKS);
    const from = chunk * CHUNK_BLOCKS;
    for (let other = from; other < from + CHUNK_BLOCKS; other++) {
      if (this.#blocks[other] !== undefined) return;
    }
    this.#chunks[chunk] = NO_CHUNK;
  }
}
