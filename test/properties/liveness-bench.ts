/**
 * A monitor on a workbench: time jumps from event to event, and the peer is a few lines of the
 * test.
 *
 * It keeps the driver's rules: in a stall nothing is noticed until it is over; then the lateness is
 * recorded first, waiting bytes are read next, and only then is the monitor polled.
 */
import { seededRandom } from "../../src/base/random.ts";
import type { Instant } from "../../src/base/time.ts";
import {
  LivenessMonitor,
  type MonitorAction,
  type MonitorConfig,
} from "../../src/liveness/monitor.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";

export const at = (ms: number): Instant => ms as Instant;

/** Answer time fixed at 5 s, so that bounds are round numbers. */
export const CONFIG: MonitorConfig = { answerWithinMs: 5_000, drainTimeoutMs: 60_000 };

export interface StallWindow {
  readonly from: number;
  readonly to: number;
}

export class Bench {
  readonly stalls: StallLog = new StallLog({ stallToleranceMs: 250 });
  readonly monitor: LivenessMonitor;
  readonly log: { readonly at: number; readonly action: MonitorAction }[] = [];
  now = 0;
  seq = 0;
  behindBytes = 0;
  wallAheadMs = 0;
  stallWindows: readonly StallWindow[] = [];
  onPing: (seq: number) => void = () => {};
  reading: () => number | undefined = () => undefined;
  onExpired: () => void = () => this.monitor.dead(at(this.now));
  #events: { readonly at: number; readonly run: () => void }[] = [];

  constructor(seed = 1, config: MonitorConfig = CONFIG) {
    this.monitor = new LivenessMonitor(config, this.stalls, seededRandom(seed), at(0));
  }

  get deadAt(): number | undefined {
    return this.monitor.verdict === "dead" ? this.now : undefined;
  }

  times(action: MonitorAction): number[] {
    return this.log.filter((entry) => entry.action === action).map((entry) => entry.at);
  }

  schedule(atMs: number, run: () => void): void {
    this.#events.push({ at: atMs, run });
    this.#events.sort((a, b) => a.at - b.at);
  }

  hear(atMs: number): void {
    this.schedule(atMs, () => this.monitor.heard(at(this.now)));
  }

  /** The peer answers each ping after `rttMs`, as long as `lives` says so. */
  answerAfter(rttMs: () => number, lives: () => boolean = () => true): void {
    this.onPing = (seq) => {
      if (!lives()) return;
      this.schedule(this.now + rttMs(), () => {
        this.monitor.heard(at(this.now));
        this.monitor.answered(seq, at(this.now));
      });
    };
  }

  /** Runs until `untilMs`, or until the monitor is dead. */
  run(untilMs: number): this {
    for (let idle = 0; this.monitor.verdict !== "dead"; ) {
      const nextMs = Math.min(this.#events[0]?.at ?? Infinity, this.monitor.deadline() ?? Infinity);
      if (nextMs > untilMs) break;
      idle = nextMs <= this.now ? idle + 1 : 0;
      if (idle > 100) throw new Error(`spins at ${this.now}`);
      this.#wake(Math.max(this.now, nextMs));
    }
    if (this.monitor.verdict !== "dead") this.now = untilMs;
    return this;
  }

  #wake(dueMs: number): void {
    const stall = this.stallWindows.find(({ from, to }) => dueMs >= from && dueMs < to);
    this.now = stall?.to ?? dueMs;
    this.stalls.recordTick(at(dueMs), at(this.now), this.now + this.wallAheadMs);
    while ((this.#events[0]?.at ?? Infinity) <= this.now) this.#events.shift()?.run();
    for (let action = this.#poll(); action !== undefined; action = this.#poll()) this.#act(action);
  }

  #poll(): MonitorAction | undefined {
    return this.monitor.poll(at(this.now));
  }

  #act(action: MonitorAction): void {
    this.log.push({ at: this.now, action });
    if (action === "expired") this.onExpired();
    if (action === "measure") this.monitor.unacked(this.reading(), at(this.now));
    if (action !== "beat" && action !== "verify") return;
    this.seq += 1;
    this.monitor.pinged(this.seq, this.behindBytes, at(this.now));
    this.monitor.spoke(at(this.now), 5);
    this.onPing(this.seq);
  }
}

export function frameServer(seed = 1, allowanceMs = 33_000, config: MonitorConfig = CONFIG): Bench {
  const bench = new Bench(seed, config);
  bench.monitor.setVerify(true);
  bench.monitor.setAllowance(allowanceMs);
  return bench;
}

export function lineServer(seed = 1, allowanceMs = 60_000): Bench {
  const bench = new Bench(seed);
  bench.monitor.setAllowance(allowanceMs);
  return bench;
}

export function client(
  seed = 1,
  intervalMs = 30_000,
  style: "always" | "when-quiet" = "when-quiet",
): Bench {
  const bench = new Bench(seed);
  bench.monitor.setBeat(intervalMs, style, at(0));
  return bench;
}
