/**
 * What all links of a process share: the timer of their connections with the record of our own
 * lateness, and the timetable of their waits and attempts.
 *
 * The doors make one for all links; it runs no timer while no link needs one. What counts as late
 * is decided for each tolerance apart, so links that tolerate something else than the first share a
 * timer among themselves.
 */
import type { Clock } from "../base/time.ts";
import { Alarms } from "../driver/alarms.ts";
import type { DrivenSurroundings } from "../driver/driven-owner.ts";
import { type Stall, StallLog } from "../liveness/stall-log.ts";
import type { LinkPlatform } from "./platform.ts";
import { Timetable } from "./timetable.ts";

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

/** Who hears of each stall. */
export interface StallMember {
  onStall(stall: Stall): void;
}

export class LinkWatch {
  readonly alarms: Alarms;
  readonly stalls: StallLog;
  readonly timetable: Timetable;
  readonly config: WatchConfig;
  readonly #clock: Clock;
  readonly #members = new Set<StallMember>();
  /** For links that tolerate something else, by what they do; as long as there are any. */
  readonly #others = new Map<number, LinkWatch>();
  #parent: LinkWatch | undefined;
  #surroundings: DrivenSurroundings | undefined;

  constructor(config: WatchConfig, clock: Clock, timetable: Timetable = new Timetable(clock)) {
    const { stallToleranceMs } = config;
    this.config = config;
    this.#clock = clock;
    this.timetable = timetable;
    this.stalls = new StallLog({ stallToleranceMs });
    this.alarms = new Alarms({ ...config, watchMs: WATCH_MS }, clock, this.stalls, {
      onStall: (stall) => {
        for (const member of this.#members) member.onStall(stall);
      },
      onPassEnd: () => {},
    });
  }

  /** For a link that shares with nobody. */
  static own(stallToleranceMs: number, clock: Clock): LinkWatch {
    return new LinkWatch({ tickMs: WATCH_TICK_MS, stallToleranceMs }, clock);
  }

  /** The one for a link that tolerates so much, for `member` to leave at its end. */
  join(member: StallMember, stallToleranceMs: number): LinkWatch {
    const watch = this.#fitting(stallToleranceMs);
    watch.#members.add(member);
    return watch;
  }

  leave(member: StallMember): void {
    this.#members.delete(member);
    const parent = this.#parent;
    if (this.#members.size > 0 || parent === undefined) return;
    parent.#others.delete(this.config.stallToleranceMs);
  }

  /** What a connection of such a link is driven by; the same object for all of them. */
  surroundings({ clock, report }: LinkPlatform): DrivenSurroundings {
    const known = this.#surroundings;
    if (known?.clock === clock && known.report === report) return known;
    this.#surroundings = { clock, alarms: this.alarms, report };
    return this.#surroundings;
  }

  #fitting(stallToleranceMs: number): LinkWatch {
    if (this.config.stallToleranceMs === stallToleranceMs) return this;
    const known = this.#others.get(stallToleranceMs);
    if (known !== undefined) return known;
    const config = { ...this.config, stallToleranceMs };
    const made = new LinkWatch(config, this.#clock, this.timetable);
    made.#parent = this;
    this.#others.set(stallToleranceMs, made);
    return made;
  }
}
