/**
 * True time, and all that is going to happen in it. One for the whole world.
 *
 * Nothing else in the simulator knows what time it is: clocks of hosts, networks and kernels all
 * derive from here. Time moves only from one event to the next.
 */
import type { Cancel } from "../base/time.ts";
import { EventHeap } from "./event-heap.ts";

export class Timeline {
  readonly #heap = new EventHeap();
  #nowMs = 0;
  #ranCount = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events have run. */
  get ranCount(): number {
    return this.#ranCount;
  }

  /** When the next event is due; undefined when nothing will ever happen again. */
  get nextAtMs(): number | undefined {
    return this.#heap.first()?.atMs;
  }

  /** Runs at that time, or next if it has passed; never inside this call. */
  at(atMs: number, run: () => void): Cancel {
    const entry = this.#heap.push(Math.max(atMs, this.#nowMs), run);
    return () => void this.#heap.forget(entry);
  }

  in(ms: number, run: () => void): Cancel {
    return this.at(this.#nowMs + ms, run);
  }

  /** Moves to the next event and runs it. False when there is none. */
  runNext(): boolean {
    const next = this.#heap.first();
    if (next === undefined) return false;
    this.#nowMs = next.atMs;
    this.#ranCount += 1;
    this.#heap.take()?.();
    return true;
  }

  /** Runs all that happens until then, without letting promises settle in between. */
  runUntil(untilMs: number): void {
    let nextAtMs = this.nextAtMs;
    while (nextAtMs !== undefined && nextAtMs <= untilMs) {
      this.runNext();
      nextAtMs = this.nextAtMs;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}
