/**
 * One timer of a simulated kernel. It goes by the kernel's time, which stands still while the
 * machine sleeps: a timer that comes due in the sleep rings after it, by as much later.
 */
import type { Timeline } from "./timeline.ts";

export interface KernelTime {
  readonly timeline: Timeline;
  readonly kernelNowMs: number;
  readonly isAsleep: boolean;
  /** Calls once, when the machine has woken up. */
  onceAwake(run: () => void): void;
}

export class KernelTimer {
  readonly #time: KernelTime;
  readonly #dueAtMs: number;
  #run: (() => void) | undefined;
  #forget: (() => void) | undefined;

  constructor(time: KernelTime, inMs: number, run: () => void) {
    this.#time = time;
    this.#dueAtMs = time.kernelNowMs + inMs;
    this.#run = run;
    this.#wait();
  }

  cancel(): void {
    this.#run = undefined;
    this.#forget?.();
  }

  #wait(): void {
    const leftMs = Math.max(0, this.#dueAtMs - this.#time.kernelNowMs);
    this.#forget = this.#time.timeline.in(leftMs, () => this.#ring());
  }

  #ring(): void {
    const run = this.#run;
    if (run === undefined) return;
    if (this.#time.isAsleep) return this.#time.onceAwake(() => this.#ring());
    if (this.#time.kernelNowMs < this.#dueAtMs) return this.#wait();
    this.#run = undefined;
    run();
  }
}
