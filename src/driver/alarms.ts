/**
 * One real timer for the deadlines of many connections, and the rule that no verdict falls on input
 * that waits unread.
 *
 * When the timer rings, nothing is judged. First a whole pass of reading takes place (`afterPoll`);
 * whoever said something meanwhile has moved its deadline and is left alone. That pass begins after
 * the deadline, so it reads whatever had arrived by then, however long it takes itself; how late it
 * was is recorded, and moves verdicts by as much. So a stall of this process, wherever in the event
 * loop it happens, cannot kill a peer whose bytes wait in the kernel; and an event loop that is
 * always late still gets its beats out, one pass later.
 */
import {
  type Cancel,
  type Clock,
  earliest,
  elapsedMs,
  type Instant,
  later,
  latest,
} from "../base/time.ts";
import { DeadlineTable } from "../liveness/deadline-table.ts";
import type { Stall, StallLog } from "../liveness/stall-log.ts";

export interface Alarmed {
  /** The deadline passed, and a poll pass after it brought nothing that moved it. */
  onAlarm(now: Instant): void;
}

export interface AlarmsConfig {
  /** How fine deadlines are kept: the timer rings at most this often. */
  readonly tickMs: number;
  /**
   * While there is anybody to watch the timer rings at least this often. Lateness is noticed by a
   * timer that was due meanwhile, and only by that.
   */
  readonly watchMs: number;
  readonly stallToleranceMs: number;
}

export interface AlarmsHandlers {
  onStall(stall: Stall, now: Instant): void;
  /** All alarms of one pass have run: the moment to judge together. */
  onPassEnd(now: Instant): void;
}

/**
 * How many alarms run in one go before the event loop gets its turn. The table has a limit of its
 * own for how much it reads in one go; beyond either the next pass follows at once, so that being
 * noticed takes a tick, and a few turns of the event loop where very many are to be looked at.
 */
const ALARMS_PER_PASS = 2_000;

export class Alarms {
  readonly #config: AlarmsConfig;
  readonly #clock: Clock;
  readonly #stalls: StallLog;
  readonly #on: AlarmsHandlers;
  readonly #table = new DeadlineTable<Alarmed>();
  readonly #due: number[] = [];
  #cancel: Cancel | undefined;
  /** When the timer is to ring; undefined while none is set. */
  #ringsAt: Instant | undefined;
  #rangAt: Instant;
  /** Since when the present silence of the timer lasts. */
  #watchedFrom: Instant;
  #inPass = false;
  #closed = false;

  constructor(config: AlarmsConfig, clock: Clock, stalls: StallLog, on: AlarmsHandlers) {
    this.#config = config;
    this.#clock = clock;
    this.#stalls = stalls;
    this.#on = on;
    this.#watchedFrom = clock.now();
    this.#rangAt = later(this.#watchedFrom, -config.tickMs);
  }

  get size(): number {
    return this.#table.size;
  }

  add(alarmed: Alarmed, at: Instant | undefined): number {
    const slot = this.#table.add(alarmed, at);
    this.#ringBy(at);
    return slot;
  }

  owner(slot: number): Alarmed | undefined {
    return this.#table.owner(slot);
  }

  /** No slot is as high as this. */
  get slotsEnd(): number {
    return this.#table.slotsEnd;
  }

  owners(): Iterable<Alarmed> {
    return this.#table.owners();
  }

  set(slot: number, at: Instant | undefined): void {
    this.#table.set(slot, at);
    this.#ringBy(at);
  }

  /**
   * What `set` does, for the price of a store: to `ms` after the moment in `from`, which must not
   * be earlier than the present deadline. Nothing of this is checked. The timer may ring for the
   * earlier one, and finds nothing due. A number handed on by itself would cost an object.
   */
  postpone(slot: number, from: Float64Array, ms: number): void {
    this.#table.postpone(slot, from, ms);
  }

  remove(slot: number): void {
    this.#table.remove(slot);
    if (this.#table.size === 0 && !this.#inPass) this.#silence();
  }

  /** By how much the timer, or the pass that it began, is overdue; 0 while nobody is watched. */
  lateMs(now: Instant): number {
    if (this.#table.size === 0 || this.#closed) return 0;
    const dueAt = this.#inPass ? this.#rangAt : (this.#ringsAt ?? this.#watchedFrom);
    return Math.max(0, elapsedMs(dueAt, now));
  }

  /** Forgets the timer; nothing rings any more. */
  close(): void {
    this.#closed = true;
    this.#silence();
  }

  #silence(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ringsAt = undefined;
  }

  #ringBy(at: Instant | undefined): void {
    if (this.#inPass || this.#closed) return;
    if (this.#ringsAt === undefined) this.#watchedFrom = this.#clock.now();
    else if (at === undefined || this.#ringsAt <= at) return;
    this.#setTimer(at);
  }

  #setTimer(at: Instant | undefined): void {
    const lookAt = this.#lookAt();
    const wantedAt = at === undefined ? lookAt : earliest(at, lookAt);
    const soonestAt = latest(later(this.#rangAt, this.#config.tickMs), this.#clock.now());
    // A moment that had passed when it was asked for is no lateness; a timer overdue by now is.
    const ringsAt = latest(wantedAt, earliest(this.#ringsAt ?? soonestAt, soonestAt));
    if (ringsAt === this.#ringsAt) return;
    this.#cancel?.();
    this.#ringsAt = ringsAt;
    this.#cancel = this.#clock.wakeAt(ringsAt, () => this.#ring(ringsAt));
  }

  /** The timer rings then at the latest, whatever is due. */
  #lookAt(): Instant {
    return later(this.#watchedFrom, this.#config.watchMs);
  }

  #ring(expectedAt: Instant): void {
    const now = this.#clock.now();
    this.#ringsAt = undefined;
    this.#rangAt = now;
    this.#watchedFrom = now;
    this.#noticeLateness(expectedAt, now);
    // Whoever was told of a stall may have set the timer: it would ring besides the next one.
    this.#silence();
    const nextAt = this.#table.nextAt(this.#lookAt());
    if (nextAt <= now) {
      this.#inPass = true;
      this.#readFirst(now);
    } else if (this.#table.size > 0 && !this.#closed) this.#setTimer(nextAt);
  }

  #readFirst(since: Instant): void {
    this.#cancel = this.#clock.afterPoll(() => {
      const now = this.#clock.now();
      if (now - since > this.#config.stallToleranceMs) this.#noticeLateness(since, now);
      this.#runDue(now);
    });
  }

  #runDue(now: Instant): void {
    const due = this.#due;
    due.length = 0;
    const isAll = this.#table.collectDue(now, due, ALARMS_PER_PASS);
    // A fault of ours may end the process; where it does not, the others are still watched.
    try {
      for (const slot of due) this.#table.owner(slot)?.onAlarm(now);
      this.#on.onPassEnd(now);
    } finally {
      this.#afterPass(isAll);
    }
  }

  #afterPass(wasAll: boolean): void {
    if (this.#closed) return;
    // With more to do than one pass allows, the next one follows a fresh look at the sockets.
    if (!wasAll) {
      this.#readFirst(this.#clock.now());
      return;
    }
    this.#inPass = false;
    this.#cancel = undefined;
    if (this.#table.size > 0) this.#setTimer(this.#table.nextAt(this.#lookAt()));
  }

  #noticeLateness(expectedAt: Instant, now: Instant): void {
    const stall = this.#stalls.recordTick(expectedAt, now, this.#clock.wallNow());
    if (stall !== undefined) this.#on.onStall(stall, now);
  }
}
