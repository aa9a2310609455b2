/**
 * Lets promises settle between two events, in an order that does not depend on the platform.
 *
 * Nearly all of the product is synchronous; promises begin where a link is made, a server is
 * started or closed, and where somebody iterates. Turning the queue of microtasks after every event
 * would cost more than the events, so whoever may have begun a promise asks for it.
 */

/** More than the longest chain of promises in the product; each costs about 0.1 µs. */
const TURNS = 16;
const SETTLED: Promise<void> = Promise.resolve();

export class Turns {
  #isAsked = false;
  #holds = 0;

  get areNeeded(): boolean {
    return this.#isAsked || this.#holds > 0;
  }

  /** What just happened may have begun a promise. */
  ask(): void {
    this.#isAsked = true;
  }

  /** Whatever happens may bring a promise further, until this one has settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      return await promise;
    } finally {
      this.#holds -= 1;
      this.#isAsked = true;
    }
  }

  /** Whoever settles may ask again, such as a loop that has more to read. */
  async settle(): Promise<void> {
    do {
      this.#isAsked = false;
      for (let turn = 0; turn < TURNS; turn++) await SETTLED;
    } while (this.#isAsked);
  }
}
