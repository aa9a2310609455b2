/**
 * Divides one total among those who share it. Pure, in whole numbers.
 *
 * Nobody's share is below what it holds already, so the sum exceeds the total only where the
 * holdings do. What is free goes first to what is wanted, then for the most part to the hungry
 * (those that had to refuse before the others), and the rest to everybody alike: a quarter of what
 * is left stays with those who asked for nothing, until there is so little that the hungry get all
 * of it. So one who needs everything has it within a few rounds, and nobody is left without.
 */

export interface Claim {
  /** What it holds now. */
  readonly used: number;
  /** What it will need soon; at least `used`. */
  readonly wanted: number;
  /** More is of no use to it. */
  readonly max: number;
  readonly hunger: Hunger;
}

/** 0: it has room. 1: it is about to run out. 2: it had to refuse. */
export type Hunger = 0 | 1 | 2;

/** @param floor What everybody should have, whatever they claim, as far as the total allows. */
export function apportion(total: number, floor: number, claims: readonly Claim[]): number[] {
  const shares = claims.map(({ used }) => used);
  const give = (amount: number, wishes: readonly number[]): number => {
    const dealt = deal(amount, wishes);
    for (const [at, part] of dealt.entries()) shares[at] = (shares[at] ?? 0) + part;
    return amount - sum(dealt);
  };
  const upTo = (aim: (claim: Claim) => number): number[] =>
    claims.map((claim, at) => Math.max(0, Math.min(claim.max, aim(claim)) - (shares[at] ?? 0)));
  let left = Math.max(0, total - sum(shares));
  left = give(
    left,
    upTo(() => floor),
  );
  left = give(
    left,
    upTo(({ wanted }) => wanted),
  );
  const toHungry = left <= claims.length ? left : Math.floor((left * 3) / 4);
  let stays = toHungry;
  for (const level of [2, 1] as const) {
    stays = give(
      stays,
      upTo(({ hunger, max }) => (hunger === level ? max : 0)),
    );
  }
  left = left - toHungry + stays;
  give(
    left,
    upTo(({ max }) => max),
  );
  return shares;
}

/** Gives each the same, but none more than it wishes; whole units, the first ones first. */
export function deal(amount: number, wishes: readonly number[]): number[] {
  const parts = wishes.map(() => 0);
  let left = amount;
  for (;;) {
    const open = wishes.flatMap((wish, at) => (wish > (parts[at] ?? 0) ? [at] : []));
    if (left <= 0 || open.length === 0) return parts;
    const each = Math.floor(left / open.length);
    for (const at of open) {
      const part = Math.min(each === 0 ? 1 : each, (wishes[at] ?? 0) - (parts[at] ?? 0), left);
      parts[at] = (parts[at] ?? 0) + part;
      left -= part;
    }
  }
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
