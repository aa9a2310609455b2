/** The end of a link in good order: what it says, and until when it may take. */
import { type Clock, later } from "../base/time.ts";
import type { Due, Timetable } from "./timetable.ts";

export class Closing implements Due {
  readonly reason: string;
  /** What was sent may still go out, and be dialled for. */
  isFlushing = true;
  readonly #clock: Clock;
  readonly #timetable: Timetable;
  #entry: number | undefined;
  #run: () => void = () => {};

  constructor(reason: string, clock: Clock, timetable: Timetable) {
    this.reason = reason;
    this.#clock = clock;
    this.#timetable = timetable;
  }

  /** Runs `run` after so long, unless it is forgotten or something else is asked for by then. */
  within(delayMs: number, run: () => void): void {
    this.forget();
    this.#run = run;
    this.#entry = this.#timetable.add(this, later(this.#clock.now(), delayMs));
  }

  forget(): void {
    if (this.#entry === undefined) return;
    this.#timetable.remove(this.#entry);
    this.#entry = undefined;
  }

  onDue(): void {
    this.#entry = undefined;
    this.#run();
  }
}
