/**
 * The alarms of one simulated process, by the monotonic time of its host.
 *
 * Counted by owner, so that whoever watches from outside can say who waits for what. As in Node, an
 * alarm rings a millisecond from now at the earliest, and one that is set while others ring waits
 * for the next turn.
 */
import type { Cancel } from "../base/time.ts";
import { EventHeap } from "./event-heap.ts";

export interface DueAlarm {
  /** When it should have rung, had the process been on time. */
  readonly wantedAtMs: number;
  readonly wake: () => void;
}

const DELAY_MS_MIN = 1;

export class ProcessAlarms {
  readonly #heap = new EventHeap();
  readonly #armed = new Map<string, number>();
  readonly #drawLateMs: () => number;
  #due: DueAlarm | undefined;

  /** `drawLateMs`: by how much an alarm that is due now is late. */
  constructor(drawLateMs: () => number) {
    this.#drawLateMs = drawLateMs;
  }

  /** When the first one rings. */
  get nextAtMs(): number | undefined {
    return this.#heap.first()?.atMs;
  }

  /** Alarms with this order or a later one have been set since. */
  get nextOrder(): number {
    return this.#heap.nextOrder;
  }

  armedCount(owner: string): number {
    return this.#armed.get(owner) ?? 0;
  }

  set(owner: string, nowMs: number, atMs: number, wake: () => void): Cancel {
    const wantedAtMs = Math.max(atMs, nowMs + DELAY_MS_MIN);
    const ring = (): void => {
      this.#count(owner, -1);
      this.#due = { wantedAtMs, wake };
    };
    let entry = this.#heap.push(wantedAtMs, () => {
      const lateMs = this.#drawLateMs();
      if (lateMs === 0) ring();
      else entry = this.#heap.push(wantedAtMs + lateMs, ring);
    });
    this.#count(owner, 1);
    return () => {
      if (this.#heap.forget(entry)) this.#count(owner, -1);
    };
  }

  /** Takes out the first that is due and was set before `order`, and is not made late. */
  takeDue(nowMs: number, order: number): DueAlarm | undefined {
    this.#due = undefined;
    for (let first = this.#heap.first(); first !== undefined; first = this.#heap.first()) {
      if (first.atMs > nowMs || first.order >= order) return undefined;
      this.#heap.take()?.();
      if (this.#due !== undefined) return this.#due;
    }
    return undefined;
  }

  #count(owner: string, change: number): void {
    this.#armed.set(owner, this.armedCount(owner) + change);
  }
}
