/**
 * How far a simulation is: one rewritten line on a terminal, a plain line now and then elsewhere.
 *
 * It is also what lets signals through: a simulation runs on promises alone, and without a turn of
 * the event loop now and then Ctrl-C would not be heard before the end.
 */
import { setImmediate } from "node:timers/promises";
import { type Clock, elapsedMs, type Instant } from "../base/time.ts";
import type { RunProgress } from "../simulation/run.ts";
import type { Outlet } from "./outlet.ts";
import type { SeedRange } from "./simulate-settings.ts";
import { RewrittenLine } from "./status-line.ts";

const BREATH_MS = 50;
const SHOWN_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;

export interface ShrinkProgress {
  readonly runs: number;
  readonly runsMax: number;
  readonly events: number;
  readonly clients: number;
}

export class SimulateProgress {
  readonly #outlet: Outlet;
  readonly #clock: Clock;
  readonly #line: RewrittenLine;
  #breathedAt: Instant;
  #shownAt: Instant;
  #seedText = "";

  constructor(outlet: Outlet, clock: Clock) {
    this.#outlet = outlet;
    this.#clock = clock;
    this.#line = new RewrittenLine(outlet);
    this.#breathedAt = clock.now();
    this.#shownAt = clock.now();
  }

  onSeed(seed: number, { from, to }: SeedRange, findings: number): void {
    const hasEnd = to < 2 ** 32 - 1;
    const of = hasEnd ? `${seed - from + 1} of ${to - from + 1}` : `${seed - from + 1}`;
    const found = findings === 0 ? "" : `, ${findings} broken promises`;
    this.#seedText = `seed ${seed} (${of}${found}), `;
  }

  onShrink({ runs, runsMax, events, clients }: ShrinkProgress): void {
    const left = `${events} events and ${clients} clients left`;
    this.#seedText = `shrinking: ${runs} of at most ${runsMax} runs, ${left}; `;
  }

  async breathe({ nowMs, faultsMs, links, findings }: RunProgress): Promise<void> {
    const now = this.#clock.now();
    if (elapsedMs(this.#breathedAt, now) < BREATH_MS) return;
    this.#breathedAt = now;
    const everyMs = this.#outlet.isTerminal ? SHOWN_EVERY_MS : PLAIN_EVERY_MS;
    if (elapsedMs(this.#shownAt, now) >= everyMs) {
      this.#shownAt = now;
      const online = links.filter(({ status }) => status.name === "online").length;
      const percent = Math.min(100, Math.floor((nowMs / faultsMs) * 100));
      const found = findings === 0 ? "" : `, ${findings} broken promises`;
      const hours = (nowMs / 3_600_000).toFixed(2);
      const state = `${hours} h (${percent} %), ${online} of ${links.length} online`;
      this.#show(this.#seedText + state + found);
    }
    await setImmediate();
  }

  close(): void {
    if (this.#outlet.isTerminal) this.#line.close();
  }

  #show(text: string): void {
    if (this.#outlet.isTerminal) this.#line.show(text);
    else this.#outlet.line(text);
  }
}
