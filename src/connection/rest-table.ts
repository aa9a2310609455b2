/**
 * What is remembered of connections at rest: one row of numbers each, and nothing else.
 *
 * A row is eight numbers of 64 bits, one line of a processor's cache, so that a beat touches one.
 * Rows stand in blocks that are made when their first row is used and dropped with their last.
 * What is left of ping budgets stands beside a block, from the first ping in it that came early.
 * Easy to break: a number that V8 keeps outside of such an array costs an object each time that it
 * changes.
 */
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";
import type { PingsLeft } from "../liveness/ping-budget.ts";
import { RestBudgets } from "./rest-budgets.ts";

const BLOCK_SHIFT = 8;
const BLOCK_ROWS: number = 1 << BLOCK_SHIFT;
const ROW_MASK: number = BLOCK_ROWS - 1;
const ROW_SHIFT = 3;

const OPENED_AT = 0;
const OPENED_AT_WALL_MS = 1;
const HEARD_AT = 2;
const SPOKE_AT = 3;
const PINGED_AT = 4;
const BYTES_IN = 5;
const BYTES_OUT = 6;
const PINGS_IN = 7;

/** Before the first of a kind. */
const NEVER: number = Number.NEGATIVE_INFINITY;

/** One row, as plain values. */
export interface RestRow {
  readonly openedAt: Instant;
  readonly openedAtWallMs: number;
  readonly heardAt: Instant;
  /** Undefined: the kernel never took a byte. */
  readonly spokeAt: Instant | undefined;
  /** Undefined: no ping ever came. */
  readonly pingedAt: Instant | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly pingsIn: number;
  /** Undefined: no ping came sooner than the budget has one back. */
  readonly pingsLeft: PingsLeft | undefined;
}

interface Block {
  readonly numbers: Float64Array;
  budgets: RestBudgets | undefined;
  rowCount: number;
}

export class RestTable {
  readonly #blocks: (Block | undefined)[] = [];
  /** Handed on in an array, where no number costs an object. */
  readonly #gapMs = new Float64Array(1);

  /** For reports and tests: bytes of all blocks. */
  get bytes(): number {
    const made = this.#blocks.filter((block) => block !== undefined);
    return made.reduce((sum, { numbers, budgets }) => {
      return sum + numbers.byteLength + (budgets?.bytes ?? 0);
    }, 0);
  }

  /** Takes a row that is not in use. */
  add(slot: number, openedAt: Instant, openedAtWallMs: number): void {
    const index = slot >> BLOCK_SHIFT;
    const block = this.#blocks[index] ?? newBlock();
    while (this.#blocks.length < index) this.#blocks.push(undefined);
    this.#blocks[index] = block;
    block.rowCount += 1;
    const { numbers } = block;
    const at = placeOf(slot);
    numbers[at + OPENED_AT] = openedAt;
    numbers[at + OPENED_AT_WALL_MS] = openedAtWallMs;
    numbers[at + HEARD_AT] = openedAt;
    numbers[at + SPOKE_AT] = NEVER;
    numbers[at + PINGED_AT] = NEVER;
    numbers[at + BYTES_IN] = 0;
    numbers[at + BYTES_OUT] = 0;
    numbers[at + PINGS_IN] = 0;
    block.budgets?.forget(slot & ROW_MASK);
  }

  /** Gives a row back. */
  remove(slot: number): void {
    const index = slot >> BLOCK_SHIFT;
    const block = this.#blocks[index];
    assert(block !== undefined && block.rowCount > 0, "a row is given back once");
    block.rowCount -= 1;
    if (block.rowCount === 0) this.#blocks[index] = undefined;
  }

  /**
   * A ping of so many bytes came, of which one more is allowed each `gapMsMin`, at the moment in
   * `when`. False, and nothing is written down, if it is above the budget. A number that is handed
   * on by itself, or given back, would cost an object.
   */
  ping(slot: number, byteCount: number, gapMsMin: number, when: Float64Array): boolean {
    const block = this.#blockOf(slot);
    const { numbers } = block;
    const at = placeOf(slot);
    const now = when[0] as number;
    const gapMs = now - (numbers[at + PINGED_AT] as number);
    if (gapMs < gapMsMin || block.budgets !== undefined) {
      this.#gapMs[0] = gapMs;
      if (!this.#takePing(block, slot & ROW_MASK, gapMsMin)) return false;
    }
    numbers[at + HEARD_AT] = now;
    numbers[at + PINGED_AT] = now;
    numbers[at + BYTES_IN] = (numbers[at + BYTES_IN] as number) + byteCount;
    numbers[at + PINGS_IN] = (numbers[at + PINGS_IN] as number) + 1;
    return true;
  }

  /** The kernel took so many bytes. */
  spoke(slot: number, byteCount: number, when: Float64Array): void {
    const numbers = this.#numbersOf(slot);
    const at = placeOf(slot);
    numbers[at + SPOKE_AT] = when[0] as number;
    numbers[at + BYTES_OUT] = (numbers[at + BYTES_OUT] as number) + byteCount;
  }

  heardAt(slot: number): Instant {
    return this.#numbersOf(slot)[placeOf(slot) + HEARD_AT] as Instant;
  }

  bytesIn(slot: number): number {
    return this.#numbersOf(slot)[placeOf(slot) + BYTES_IN] as number;
  }

  pingsIn(slot: number): number {
    return this.#numbersOf(slot)[placeOf(slot) + PINGS_IN] as number;
  }

  openedAt(slot: number): Instant {
    return this.#numbersOf(slot)[placeOf(slot) + OPENED_AT] as Instant;
  }

  openedAtWallMs(slot: number): number {
    return this.#numbersOf(slot)[placeOf(slot) + OPENED_AT_WALL_MS] as number;
  }

  read(slot: number): RestRow {
    const { numbers, budgets } = this.#blockOf(slot);
    const at = placeOf(slot);
    return {
      openedAt: numbers[at + OPENED_AT] as Instant,
      openedAtWallMs: numbers[at + OPENED_AT_WALL_MS] as number,
      heardAt: numbers[at + HEARD_AT] as Instant,
      spokeAt: momentOf(numbers[at + SPOKE_AT] as number),
      pingedAt: momentOf(numbers[at + PINGED_AT] as number),
      bytesIn: numbers[at + BYTES_IN] as number,
      bytesOut: numbers[at + BYTES_OUT] as number,
      pingsIn: numbers[at + PINGS_IN] as number,
      pingsLeft: budgets?.read(slot & ROW_MASK),
    };
  }

  /** Writes all but the two that never change. */
  write(slot: number, row: Omit<RestRow, "openedAt" | "openedAtWallMs">): void {
    const block = this.#blockOf(slot);
    const { numbers } = block;
    const at = placeOf(slot);
    numbers[at + HEARD_AT] = row.heardAt;
    numbers[at + SPOKE_AT] = row.spokeAt ?? NEVER;
    numbers[at + PINGED_AT] = row.pingedAt ?? NEVER;
    numbers[at + BYTES_IN] = row.bytesIn;
    numbers[at + BYTES_OUT] = row.bytesOut;
    numbers[at + PINGS_IN] = row.pingsIn;
    block.budgets?.forget(slot & ROW_MASK);
    if (row.pingsLeft === undefined) return;
    block.budgets ??= new RestBudgets(BLOCK_ROWS);
    block.budgets.write(slot & ROW_MASK, row.pingsLeft);
  }

  /** A function of its own, so that `ping` stays small enough to be compiled into its caller. */
  #takePing(block: Block, row: number, gapMsMin: number): boolean {
    block.budgets ??= new RestBudgets(BLOCK_ROWS);
    return block.budgets.take(row, this.#gapMs, gapMsMin);
  }

  #numbersOf(slot: number): Float64Array {
    return this.#blockOf(slot).numbers;
  }

  #blockOf(slot: number): Block {
    const block = this.#blocks[slot >> BLOCK_SHIFT];
    assert(block !== undefined, "only a row in use is looked at");
    return block;
  }
}

function newBlock(): Block {
  const numbers = new Float64Array(BLOCK_ROWS << ROW_SHIFT);
  return { numbers, budgets: undefined, rowCount: 0 };
}

function placeOf(slot: number): number {
  return (slot & ROW_MASK) << ROW_SHIFT;
}

function momentOf(number: number): Instant | undefined {
  return number === NEVER ? undefined : (number as Instant);
}
