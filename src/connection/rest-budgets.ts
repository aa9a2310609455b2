/**
 * What is left of the ping budgets of peers at rest: two numbers each, for one block of rows.
 *
 * The same reckoning as that of `PingBudget`, for those of its answers that leave nothing else to
 * remember. Easy to break: with the same pings both must hold the same numbers to the last bit,
 * since a peer gets up with the one and goes on with the other.
 */
import {
  LINE_PING_BURST,
  linePingsBack,
  PING_BURST,
  type PingsLeft,
} from "../liveness/ping-budget.ts";

/** Of a peer whose pings all found the budget full; nothing has to be known of it. */
const FULL = -1;

export class RestBudgets {
  readonly #numbers: Float64Array;

  constructor(rows: number) {
    this.#numbers = new Float64Array(2 * rows).fill(FULL);
  }

  /** For reports and tests. */
  get bytes(): number {
    return this.#numbers.byteLength;
  }

  /**
   * A ping came `gap[0]` ms after the one before; one comes back each `gapMsMin`. False, and
   * nothing has changed: it is above one of the buckets.
   */
  take(row: number, gap: Float64Array, gapMsMin: number): boolean {
    const numbers = this.#numbers;
    const at = 2 * row;
    const gapMs = gap[0] as number;
    const isFull = numbers[at] === FULL;
    if (isFull && gapMs >= gapMsMin) return true;
    const back = gapMs / gapMsMin;
    const before = isFull ? PING_BURST - 1 : (numbers[at] as number);
    const lineBefore = isFull ? LINE_PING_BURST - 1 : (numbers[at + 1] as number);
    const pings = Math.min(PING_BURST, before + back);
    const linePings = Math.min(LINE_PING_BURST, lineBefore + linePingsBack(back));
    if (pings < 1 || linePings < 1) return false;
    numbers[at] = pings - 1;
    numbers[at + 1] = linePings - 1;
    return true;
  }

  read(row: number): PingsLeft | undefined {
    const pings = this.#numbers[2 * row] as number;
    if (pings === FULL) return undefined;
    return { pings, linePings: this.#numbers[2 * row + 1] as number };
  }

  write(row: number, { pings, linePings }: PingsLeft): void {
    this.#numbers[2 * row] = pings;
    this.#numbers[2 * row + 1] = linePings;
  }

  /** The row belongs to somebody new. */
  forget(row: number): void {
    this.#numbers[2 * row] = FULL;
  }
}
