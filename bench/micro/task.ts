/**
 * What a micro benchmark is: an operation that can be repeated, and a proof that it is the one that
 * its name says.
 *
 * Easy to break: what `run` returns must depend on every operation, or the optimiser may leave them
 * out; and the numbers in it must look as in life (moments are fractions, not small integers).
 */

export interface MicroTask {
  readonly name: string;
  /** Does it once and throws unless what should come out came out. Runs before any timing. */
  check(): void;
  /** Makes what `times` operations will use up; not timed. */
  prepare?(times: number): void;
  /** Does it so many times. */
  run(times: number): number;
}

export interface MicroGroup {
  readonly title: string;
  /** Made in the thread that measures them. */
  tasks(): readonly MicroTask[];
}

/** A check that failed is an error of the benchmark: its figure would be of something else. */
export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`a benchmark does not do what its name says: ${what}`);
}

export function expectSame(got: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  expectThat(left === right, `${left} came, and ${right} was expected`);
}
