/**
 * The figures of a run: how long deaths took to be found, when clients arrived, what it cost.
 *
 * Detection counts from the last byte that the kernel handed over, whatever the product believes.
 * Quantiles are taken over samples; where there are too many, each has the same chance to stay.
 */
import type { Draw } from "./draw.ts";
import type { SimEvent, Side } from "./sim-event.ts";

const SAMPLES_MAX = 20_000;

export interface DetectionFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface RunFigures {
  /** By code, with who kept the connection before it: `server PEER_SILENT`. */
  readonly endsByCause: Readonly<Record<string, number>>;
  /** From the last byte read until the end for silence, by who noticed. */
  readonly detection: Readonly<Record<Side, DetectionFigures>>;
  /** New connections at servers, in so many equal parts of the run: the most in any one second. */
  readonly arrivalPeaks: readonly number[];
  readonly arrivals: number;
  readonly pingsSent: Readonly<Record<Side, number>>;
  readonly beatsAnswered: Readonly<Record<Side, number>>;
  readonly messages: number;
}

const PARTS = 60;

export class RunStatistics {
  readonly pingsSent: Record<Side, number> = { client: 0, server: 0 };
  readonly beatsAnswered: Record<Side, number> = { client: 0, server: 0 };
  readonly #draw: Draw;
  readonly #spanMs: number;
  readonly #ends = new Map<string, number>();
  readonly #readAtMs: Record<Side, Map<number, number>> = { client: new Map(), server: new Map() };
  readonly #detection: Record<Side, Samples>;
  readonly #peaks: number[] = Array.from({ length: PARTS }, () => 0);
  #second = -1;
  #inSecond = 0;
  #arrivals = 0;
  #messages = 0;

  constructor(draw: Draw, spanMs: number) {
    this.#draw = draw;
    this.#spanMs = spanMs;
    this.#detection = { client: new Samples(this.#draw), server: new Samples(this.#draw) };
  }

  onEvent(event: SimEvent): void {
    switch (event.what) {
      case "flow-open":
        this.#readAtMs[event.side].set(event.flow, event.atMs);
        if (event.side === "server") this.#arrive(event.atMs);
        return;
      case "read":
        this.#readAtMs[event.side].set(event.flow, event.atMs);
        return;
      case "flow-closed":
        this.#readAtMs[event.side].delete(event.flow);
        return;
      case "end":
        return this.#end(event);
      case "received":
        this.#messages += 1;
        return;
      default:
    }
  }

  get figures(): RunFigures {
    const ends = [...this.#ends].toSorted(([, one], [, other]) => other - one);
    return {
      endsByCause: Object.fromEntries(ends),
      detection: {
        client: this.#detection.client.figures,
        server: this.#detection.server.figures,
      },
      arrivalPeaks: this.#peaks,
      arrivals: this.#arrivals,
      pingsSent: this.pingsSent,
      beatsAnswered: this.beatsAnswered,
      messages: this.#messages,
    };
  }

  #arrive(atMs: number): void {
    const second = Math.floor(atMs / 1_000);
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1;
    this.#second = second;
    this.#arrivals += 1;
    const part = Math.min(PARTS - 1, Math.floor((atMs / this.#spanMs) * PARTS));
    this.#peaks[part] = Math.max(this.#peaks[part] ?? 0, this.#inSecond);
  }

  #end({ flow, side, atMs, record }: SimEvent & { readonly what: "end" }): void {
    const cause = `${side} ${record.code}`;
    this.#ends.set(cause, (this.#ends.get(cause) ?? 0) + 1);
    const readAtMs = this.#readAtMs[side].get(flow);
    if (record.code !== "PEER_SILENT" || readAtMs === undefined) return;
    this.#detection[side].add(atMs - readAtMs);
  }
}

class Samples {
  readonly #draw: Draw;
  readonly #kept: number[] = [];
  #count = 0;
  #maxMs = 0;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  add(ms: number): void {
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
    if (this.#kept.length < SAMPLES_MAX) {
      this.#kept.push(ms);
      return;
    }
    const at = this.#draw.whole(0, this.#count - 1);
    if (at < SAMPLES_MAX) this.#kept[at] = ms;
  }

  get figures(): DetectionFigures {
    const sorted = this.#kept.toSorted((one, other) => one - other);
    const quantile = (ratio: number): number => sorted[Math.floor(ratio * sorted.length)] ?? 0;
    const [count, maxMs] = [this.#count, this.#maxMs];
    return { count, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs };
  }
}
