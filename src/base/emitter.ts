/**
 * Typed events: `on` returns its own undo, nothing crashes for want of a listener.
 *
 * A listener that throws harms neither the other listeners nor the step that called it: the error
 * goes to `report`, which the drivers bind to the platform's uncaught-error path.
 */

type Listener = (...args: never[]) => void;

export class Emitter<Events extends { [K in keyof Events]: readonly unknown[] }> {
  readonly #report: (error: unknown) => void;
  #listeners: Map<keyof Events, readonly Listener[]> | undefined;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Adds a listener and returns its undo. A listener that was added twice is called twice. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    // A wrapper of its own for each call, so that one undo removes one registration.
    const own: Listener = (...args: never[]) => listener(...(args as unknown as Events[Name]));
    this.#listeners ??= new Map();
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), own]);
    return () => {
      const left = this.#listeners?.get(name)?.filter((one) => one !== own);
      if (left !== undefined) this.#listeners?.set(name, left);
    };
  }

  has(name: keyof Events): boolean {
    return (this.#listeners?.get(name)?.length ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const listeners = this.#listeners?.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        (listener as unknown as (...args: Events[Name]) => void)(...args);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners = undefined;
  }
}
