/**
 * Chance, always handed in.
 *
 * `Random` is for jitter and shuffling only. Anything that an adversary must not guess (connection
 * ids, session secrets) comes from `Secrets`.
 */

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

export interface Secrets {
  /** Fresh bytes from the platform's cryptographic source. */
  bytes(count: number): Uint8Array;
}

/**
 * A repeatable stream: the same seed gives the same numbers on every engine.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), all in 32-bit integer arithmetic.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = Math.floor(seed / 2 ** 32) + 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return { next };
}

/** A number in [low, high). */
export function uniform(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}
