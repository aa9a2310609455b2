/** Promises that we make to ourselves. A failed assertion is a bug of ours, never caught. */
export function assert(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Error(`broken promise: ${promise}`);
}
