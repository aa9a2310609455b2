/** Whether we read. While our own application makes us wait, silence is ours, but not for ever. */
import { type Instant, later } from "../base/time.ts";

export class Reading {
  readonly #pauseMsMax: number;
  #pausedAt: Instant | undefined;

  constructor(pauseMsMax: number) {
    this.#pauseMsMax = pauseMsMax;
  }

  get isPaused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** When the pause has lasted too long. */
  get dueAt(): Instant | undefined {
    return this.#pausedAt === undefined ? undefined : later(this.#pausedAt, this.#pauseMsMax);
  }

  isOver(now: Instant): boolean {
    return this.#pausedAt !== undefined && now >= later(this.#pausedAt, this.#pauseMsMax);
  }

  /** False: it was paused already. */
  pause(now: Instant): boolean {
    if (this.#pausedAt !== undefined) return false;
    this.#pausedAt = now;
    return true;
  }

  /** False: it was not paused. */
  resume(): boolean {
    if (this.#pausedAt === undefined) return false;
    this.#pausedAt = undefined;
    return true;
  }
}
