/**
 * When a host's process was late, in true time: stalled, stopped, asleep, or rung too late.
 *
 * Spans that overlap count once: two reasons to be late for the same second are one second.
 */

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export class LatenessLog {
  readonly #spans: Span[] = [];

  add(fromMs: number, untilMs: number): void {
    if (untilMs <= fromMs) return;
    let from = fromMs;
    let until = untilMs;
    let last = this.#spans.at(-1);
    while (last !== undefined && last.untilMs >= from) {
      from = Math.min(from, last.fromMs);
      until = Math.max(until, last.untilMs);
      this.#spans.pop();
      last = this.#spans.at(-1);
    }
    this.#spans.push({ fromMs: from, untilMs: until });
  }

  /** What was expected to last longer ends now: who was late is gone. */
  cutOff(nowMs: number): void {
    let last = this.#spans.at(-1);
    while (last !== undefined && last.untilMs > nowMs) {
      this.#spans.pop();
      this.add(last.fromMs, nowMs);
      last = this.#spans.at(-1);
    }
  }

  /** In sum, between two moments. */
  sumMs(fromMs: number, untilMs: number): number {
    let sum = 0;
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as Span;
      if (span.untilMs <= fromMs) break;
      sum += Math.max(0, Math.min(untilMs, span.untilMs) - Math.max(fromMs, span.fromMs));
    }
    return sum;
  }
}
