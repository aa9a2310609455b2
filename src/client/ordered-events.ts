/**
 * Events in the order in which things happened, and none before the step that causes it is done.
 *
 * A listener may send or close: it must find the link in a sound state, and the events that it
 * causes must not reach the next listener before the one that it was called for.
 */
import { Emitter } from "../base/emitter.ts";

export class OrderedEvents<Events extends { [K in keyof Events]: readonly unknown[] }> {
  readonly #emitter: Emitter<Events>;
  readonly #ahead: (() => void)[] = [];
  #isBusy = false;

  constructor(report: (error: unknown) => void) {
    this.#emitter = new Emitter(report);
  }

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    this.#ahead.push(() => this.#emitter.emit(name, ...args));
    if (!this.#isBusy) this.step(() => {});
  }

  /** Runs `change` and then emits what it emitted. Inside another step it just runs. */
  step(change: () => void): void {
    if (this.#isBusy) return change();
    this.#isBusy = true;
    try {
      change();
      for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) next();
    } finally {
      this.#isBusy = false;
    }
  }
}
