/** Effects on their way to the driver. Empty nearly always, so nothing is kept while it is. */
import type { Effect } from "./effects.ts";

const EMPTY: Effect[] = [];

export class EffectQueue {
  #effects: Effect[] = EMPTY;
  #head = 0;

  push(effect: Effect): void {
    if (this.#effects === EMPTY) this.#effects = [];
    this.#effects.push(effect);
  }

  shift(): Effect | undefined {
    if (this.#effects === EMPTY) return undefined;
    const first = this.#effects[this.#head];
    this.#head += 1;
    if (this.#head === this.#effects.length) {
      this.#effects = EMPTY;
      this.#head = 0;
    }
    return first;
  }

  clear(): void {
    this.#effects = EMPTY;
    this.#head = 0;
  }
}
