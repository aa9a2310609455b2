/** A short name for a text, the same on every engine. It hides nothing and proves nothing. */

const FNV_BASIS = 0x811c9dc5;

/** FNV-1a (Fowler, Noll, Vo), 32 bits; another basis gives an independent second hash. */
export function textHash(text: string, basis: number = FNV_BASIS): number {
  let hash = basis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
