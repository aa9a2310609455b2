/**
 * Typed events: `on` returns its own undo, nothing crashes for want of a listener.
 *
 * A listener that throws harms neither the other listeners nor the step that called it: the error
 * goes to `report`, which the drivers bind to the platform's uncaught-error path.
 */

type Listener = (...args: never[]) => void;

/** One call of `on`: a listener that was added twice has two, and each undo removes its own. */
interface Registration {
  readonly listener: Listener;
}

export class Emitter<Events extends { [K in keyof Events]: readonly unknown[] }> {
  readonly #report: (error: unknown) => void;
  #registrations: Map<keyof Events, readonly Registration[]> | undefined;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Adds a listener and returns its undo. A listener that was added twice is called twice. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    const own: Registration = { listener: listener as unknown as Listener };
    this.#registrations ??= new Map();
    this.#registrations.set(name, [...(this.#registrations.get(name) ?? []), own]);
    return () => {
      const left = this.#registrations?.get(name)?.filter((one) => one !== own);
      if (left !== undefined) this.#registrations?.set(name, left);
    };
  }

  has(name: keyof Events): boolean {
    return (this.#registrations?.get(name)?.length ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    const registrations = this.#registrations?.get(name);
    if (registrations === undefined) return;
    for (const { listener } of registrations) {
      try {
        (listener as unknown as (...args: Events[Name]) => void)(...args);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** The same for the events that come with every beat: nothing is made to carry the arguments. */
  emitPair<Name extends keyof Events>(
    name: Name,
    one: Events[Name][0],
    two: Events[Name][1],
  ): void {
    const registrations = this.#registrations?.get(name);
    if (registrations === undefined) return;
    for (const { listener } of registrations) {
      try {
        (listener as unknown as (one: Events[Name][0], two: Events[Name][1]) => void)(one, two);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#registrations = undefined;
  }
}
