/**
 * When which link has something to do: the waits and the attempts of all links behind one timer.
 *
 * An entry rings once and is gone before its owner hears of it, so whoever was rung for has nothing
 * to take back. Nobody is rung for before a pass of reading has followed the timer: an answer that
 * came in time may wait unread where this process was late, and takes the entry back. The timer is
 * set for the earliest entry only and may ring for one that has gone meanwhile: setting it anew for
 * each of ten thousand links that come and go would cost more than such a wakeup.
 */
import type { Cancel, Clock, Instant } from "../base/time.ts";
import { DeadlineTable } from "../liveness/deadline-table.ts";

export interface Due {
  onDue(): void;
}

/** About how many are rung for before the event loop gets its turn. */
const DUE_PER_PASS = 500;

export class Timetable {
  readonly #clock: Clock;
  readonly #table = new DeadlineTable<Due>();
  readonly #slots: number[] = [];
  /** Of the present pass. */
  readonly #dropped = new Set<number>();
  #ringsAt: Instant | undefined;
  #cancel: Cancel | undefined;
  /** Between the timer and the end of what it rang for. */
  #inPass = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#table.size - this.#dropped.size;
  }

  /** Rings once for `due`, at `at` or soon after. Returns the entry. */
  add(due: Due, at: Instant): number {
    const slot = this.#table.add(due, at);
    if (!this.#inPass && (this.#ringsAt === undefined || at < this.#ringsAt)) this.#setTimer(at);
    return slot;
  }

  /** Takes an entry back that has not rung. */
  remove(slot: number): void {
    this.#drop(slot);
    if (this.#table.size === 0 && !this.#inPass) this.#silence();
  }

  /** What was collected in one pass keeps its place until the end of it: nobody else gets that. */
  #drop(slot: number): void {
    if (!this.#inPass) return this.#table.remove(slot);
    this.#table.set(slot, undefined);
    this.#dropped.add(slot);
  }

  #silence(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ringsAt = undefined;
  }

  #setTimer(at: Instant): void {
    this.#cancel?.();
    this.#ringsAt = at;
    this.#cancel = this.#clock.wakeAt(at, this.#ring);
  }

  readonly #ring = (): void => {
    this.#ringsAt = undefined;
    this.#inPass = true;
    this.#cancel = this.#clock.afterPoll(this.#runDue);
  };

  readonly #runDue = (): void => {
    const slots = this.#slots;
    slots.length = 0;
    const isAll = this.#table.collectDue(this.#clock.now(), slots, DUE_PER_PASS);
    // What fails may end the process; where it does not, the other links go on.
    try {
      // Whoever is rung for may take back what was collected with it, and make new entries.
      for (const slot of slots) this.#ringFor(slot);
    } finally {
      this.#afterPass(isAll);
    }
  };

  #ringFor(slot: number): void {
    const due = this.#table.owner(slot);
    if (due === undefined || this.#dropped.has(slot)) return;
    this.#drop(slot);
    due.onDue();
  }

  #afterPass(isAll: boolean): void {
    for (const slot of this.#dropped) this.#table.remove(slot);
    this.#dropped.clear();
    if (!isAll) {
      this.#cancel = this.#clock.afterPoll(this.#runDue);
      return;
    }
    this.#inPass = false;
    this.#cancel = undefined;
    const nextAt = this.#table.nextAt();
    if (nextAt !== undefined) this.#setTimer(nextAt);
  }
}
