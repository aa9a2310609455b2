/**
 * How a server goes away.
 *
 * Nobody new comes in; those who are here are told to go and have the grace period for it; then
 * whoever is left hears a last word and is ended. The server is gone when the last socket is, and
 * not before: what listens on its port next must not find it in use.
 */
import { type Cancel, later } from "../base/time.ts";
import type { Acceptor } from "../transports/transport.ts";
import type { Keeper } from "./keeper.ts";

/** After the grace period: to write END and what is queued to those that still read. */
const LAST_WORD_MS_MAX = 1_000;

export class Drain {
  readonly #keeper: Keeper;
  readonly #acceptors: readonly Acceptor[];
  #over: Promise<void> | undefined;
  #cancelAlarm: Cancel | undefined;

  constructor(keeper: Keeper, acceptors: readonly Acceptor[]) {
    this.#keeper = keeper;
    this.#acceptors = acceptors;
  }

  get hasBegun(): boolean {
    return this.#over !== undefined;
  }

  /** Resolves when nothing of the server is left. */
  begin(graceMs: number): Promise<void> {
    if (this.#over !== undefined) return this.#over;
    this.#keeper.isOpen = false;
    const closed = this.#acceptors.map((acceptor) => acceptor.close());
    const empty = new Promise<void>((resolve) => {
      this.#keeper.onLeft = () => {
        if (this.#keeper.isEmpty) resolve();
      };
    });
    this.#over = this.#finish(empty, closed);
    this.#wakeAfter(graceMs, () => this.#sayLastWord(graceMs));
    this.#keeper.sendAway();
    this.#keeper.onLeft();
    return this.#over;
  }

  /** Ends whoever is left at once. */
  hurry(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    for (const { driven } of this.#keeper.everybody()) {
      driven.abort("DRAINED", "the server ended while this connection was still open");
    }
  }

  #sayLastWord(graceMs: number): void {
    for (const { driven } of this.#keeper.everybody()) {
      driven.close("DRAINED", "the server is going away, and the time to leave is over");
    }
    this.#wakeAfter(Math.min(LAST_WORD_MS_MAX, graceMs), () => this.hurry());
  }

  #wakeAfter(delayMs: number, run: () => void): void {
    const { clock } = this.#keeper;
    this.#cancelAlarm?.();
    this.#cancelAlarm = clock.wakeAt(later(clock.now(), delayMs), run);
  }

  async #finish(empty: Promise<void>, closed: readonly Promise<void>[]): Promise<void> {
    await empty;
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    this.#keeper.close();
    await Promise.all(closed);
  }
}
