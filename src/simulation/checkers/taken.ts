/** How much each end of each flow has read lately, in steps of a second. */
import type { EndOfFlow, SimEvent } from "../sim-event.ts";

const STEP_MS = 1_000;
/** The longest drain timeout that anybody asks about. */
const KEPT_STEPS = 600;

interface Steps {
  readonly atMs: number[];
  readonly bytes: number[];
}

export class Taken {
  readonly #steps: Map<string, Steps> = new Map();

  onRead(event: SimEvent & { what: "read" }): void {
    const key = `${event.flow}/${event.side}`;
    let steps = this.#steps.get(key);
    if (steps === undefined) {
      steps = { atMs: [], bytes: [] };
      this.#steps.set(key, steps);
    }
    const { atMs, bytes } = steps;
    const last = atMs.length - 1;
    if (last >= 0 && event.atMs < (atMs[last] ?? 0) + STEP_MS) {
      bytes[last] = (bytes[last] ?? 0) + event.bytes;
      return;
    }
    atMs.push(event.atMs);
    bytes.push(event.bytes);
    if (atMs.length > 2 * KEPT_STEPS) {
      atMs.splice(0, KEPT_STEPS);
      bytes.splice(0, KEPT_STEPS);
    }
  }

  onClosed(event: SimEvent & { what: "flow-closed" }): void {
    // The other end may still be judged by what this one read; both are forgotten with the second.
    const other = event.side === "client" ? "server" : "client";
    const key = `${event.flow}/closed`;
    if (this.#steps.delete(key)) {
      this.#steps.delete(`${event.flow}/${event.side}`);
      this.#steps.delete(`${event.flow}/${other}`);
    } else this.#steps.set(key, { atMs: [], bytes: [] });
  }

  /** Whole steps only, so rather too little than too much. */
  bytesBetween({ flow, side }: EndOfFlow, fromMs: number, untilMs: number): number {
    const steps = this.#steps.get(`${flow}/${side}`);
    if (steps === undefined) return 0;
    let sum = 0;
    for (const [index, atMs] of steps.atMs.entries()) {
      if (atMs >= fromMs && atMs + STEP_MS <= untilMs) sum += steps.bytes[index] ?? 0;
    }
    return sum;
  }
}
