/**
 * Effects on their way to the driver. There is hardly ever more than one, so the first has a place
 * of its own, and an array is made only for those behind it. An input may bring thousands, so those
 * are never moved up: they are read where they are.
 */
import type { Effect } from "./effects.ts";

export class EffectQueue {
  #first: Effect | undefined;
  #rest: Effect[] | undefined;
  #restAt = 0;

  push(effect: Effect): void {
    if (this.#first === undefined) this.#first = effect;
    else if (this.#rest === undefined) this.#rest = [effect];
    else this.#rest.push(effect);
  }

  get isEmpty(): boolean {
    return this.#first === undefined && this.#rest === undefined;
  }

  shift(): Effect | undefined {
    const first = this.#first;
    if (this.#rest === undefined) {
      this.#first = undefined;
      return first;
    }
    this.#first = this.#rest[this.#restAt];
    this.#restAt += 1;
    if (this.#restAt === this.#rest.length) {
      this.#rest = undefined;
      this.#restAt = 0;
    }
    return first;
  }

  clear(): void {
    this.#first = undefined;
    this.#rest = undefined;
    this.#restAt = 0;
  }
}
