/** Whether we read. While our own application makes us wait, silence is ours, but not for ever. */
import type { Instant } from "../base/time.ts";
import { Patience } from "../liveness/patience.ts";
import type { StallLog } from "../liveness/stall-log.ts";

export class Reading {
  readonly #pauseMsMax: number;
  readonly #stalls: StallLog;
  /** Made by the first pause: most connections are never paused. */
  #patience: Patience | undefined;

  constructor(pauseMsMax: number, stalls: StallLog) {
    this.#pauseMsMax = pauseMsMax;
    this.#stalls = stalls;
  }

  get isPaused(): boolean {
    return this.#patience?.isRunning === true;
  }

  /** When the pause has lasted too long. */
  get dueAt(): Instant | undefined {
    return this.#patience?.deadline();
  }

  isOver(now: Instant): boolean {
    return this.#patience?.isOver(now) === true;
  }

  /** False: it was paused already. */
  pause(now: Instant): boolean {
    if (this.isPaused) return false;
    this.#patience ??= new Patience(this.#stalls);
    this.#patience.begin(this.#pauseMsMax, now);
    return true;
  }

  /** False: it was not paused. */
  resume(): boolean {
    if (!this.isPaused) return false;
    this.#patience?.end();
    return true;
  }
}
