/**
 * All middleboxes that are known here, the most impatient first, and how they are named.
 *
 * Figures are defaults that others have published; every one has its source. docs/middleboxes.md
 * is written from this table.
 */
import { CLOUD_MIDDLEBOXES } from "./cloud-middleboxes.ts";
import type { Middlebox } from "./middlebox.ts";
import { NETWORK_MIDDLEBOXES } from "./network-middleboxes.ts";

export const MIDDLEBOXES: readonly Middlebox[] = [
  ...CLOUD_MIDDLEBOXES,
  ...NETWORK_MIDDLEBOXES,
].toSorted((a, b) => idleOf(a) - idleOf(b) || (a.id < b.id ? -1 : 1));

export function idleOf({ idleMs }: Middlebox): number {
  return idleMs === false ? Number.POSITIVE_INFINITY : idleMs;
}

interface Named {
  readonly boxes: readonly Middlebox[];
  /** The first name that means nothing. */
  readonly unknown: string | undefined;
  /** All words that mean something. */
  readonly words: readonly string[];
}

/** The boxes of these names. An id means one box; a word of ids means all that have it. */
export function boxesNamed(names: readonly string[]): Named {
  const words = [...new Set(MIDDLEBOXES.flatMap(({ id }) => id.split("-")))].toSorted();
  const chosen = new Set<Middlebox>();
  for (const name of names) {
    const found = meant(name.toLowerCase());
    if (found.length === 0) return { boxes: [], unknown: name, words };
    for (const box of found) chosen.add(box);
  }
  return { boxes: MIDDLEBOXES.filter((box) => chosen.has(box)), unknown: undefined, words };
}

function meant(name: string): readonly Middlebox[] {
  const exact = MIDDLEBOXES.filter(({ id }) => id === name);
  return exact.length > 0 ? exact : MIDDLEBOXES.filter(({ id }) => id.split("-").includes(name));
}
