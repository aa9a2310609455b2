/**
 * The chance of a simulated world: one seed, and a stream of its own for each purpose.
 *
 * A new draw for one purpose must not shift what others draw, or every seed that ever found a fault
 * would tell another story after the next change. So streams are named, and the name is mixed into
 * the seed.
 */
import { type Random, seededRandom, uniform } from "../base/random.ts";
import { textHash } from "../base/text-hash.ts";

export class Draw implements Random {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): number {
    return this.#random.next();
  }

  between(low: number, high: number): number {
    return uniform(this.#random, low, high);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.#random.next() * (high - low + 1));
  }

  /**
   * A whole number from `low` to `high` of which each doubling is as likely as the next. Without
   * logarithms, whose last bits differ from engine to engine.
   */
  spread(low: number, high: number): number {
    let doublings = 1;
    for (let top = low * 2; top < high; top *= 2) doublings += 1;
    const from = low * 2 ** Math.floor(this.#random.next() * doublings);
    return Math.round(this.between(from, Math.min(high, from * 2)));
  }

  happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.#random.next() * choices.length)] ?? choices[0];
  }
}

export class Streams {
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The stream of that name, from its beginning. */
  stream(name: string): Draw {
    return new Draw(
      seededRandom((textHash(`${this.seed}/${name}`) + this.seed * 65_537) % 2 ** 52),
    );
  }
}
