/**
 * The one timer and the one record of our own lateness that links share.
 *
 * The doors make one for all links of a process; it runs no timer while no connection needs one.
 */
import type { Clock } from "../base/time.ts";
import { Alarms } from "../driver/alarms.ts";
import { type Stall, StallLog } from "../liveness/stall-log.ts";

export interface WatchConfig {
  /** How fine deadlines are kept. */
  readonly tickMs: number;
  /** Lateness from here on is ours, and no peer is judged for it. */
  readonly stallToleranceMs: number;
}

/** Fine, since a client has few connections and the timer rings for deadlines only. */
export const WATCH_TICK_MS = 10;

/** A stall, or a sleep, is known from its first second on, while any link is online. */
const WATCH_MS = 1_000;

export class LinkWatch {
  readonly alarms: Alarms;
  readonly stalls: StallLog;
  readonly config: WatchConfig;
  readonly #members = new Set<(stall: Stall) => void>();

  constructor(config: WatchConfig, clock: Clock) {
    const { stallToleranceMs } = config;
    this.config = config;
    this.stalls = new StallLog({ stallToleranceMs });
    this.alarms = new Alarms({ ...config, watchMs: WATCH_MS }, clock, this.stalls, {
      onStall: (stall) => {
        for (const tell of this.#members) tell(stall);
      },
      onPassEnd: () => {},
    });
  }

  /** This one, where it serves a link that tolerates so much; else a new one. */
  static fitting(shared: LinkWatch | undefined, stallToleranceMs: number, clock: Clock): LinkWatch {
    if (shared?.config.stallToleranceMs === stallToleranceMs) return shared;
    return new LinkWatch({ tickMs: WATCH_TICK_MS, stallToleranceMs }, clock);
  }

  /** `tell` hears of each stall until the returned function is called. */
  join(tell: (stall: Stall) => void): () => void {
    this.#members.add(tell);
    return () => this.#members.delete(tell);
  }
}
