/**
 * By what a target is known to be guarded, and how a shared listener finds its guarded connection.
 *
 * A property that nothing lists and nothing prints; once let go of, it holds nothing.
 */
const GUARDED: unique symbol = Symbol("holdfast.guarded");

interface Marked {
  [GUARDED]?: unknown;
}

/** `by` undefined takes the mark away. */
export function mark(target: object, by: unknown): void {
  const markable: Marked = target;
  if (Object.hasOwn(target, GUARDED)) markable[GUARDED] = by;
  else {
    const hidden = { value: by, writable: true, configurable: true, enumerable: false };
    Object.defineProperty(target, GUARDED, hidden);
  }
}

export function marked(target: object): unknown {
  return (target as Marked)[GUARDED];
}
