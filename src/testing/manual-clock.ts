/**
 * A clock that moves when it is told to. `advance` lets alarms ring on time; `stall` lets time pass
 * while nothing runs, as a blocked event loop does; `afterPoll` callbacks run after `read`, the
 * stand-in for the pass in which a runtime reads its sockets.
 */
import type { Cancel, Clock, Instant } from "../base/time.ts";

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  /** Called before each round of `afterPoll` callbacks: deliver what waits in the kernel here. */
  read: () => void = () => {};
  /** How far the wall clock is ahead of the monotonic one; change it to step the wall clock. */
  wallAheadMs = 1_700_000_000_000;
  #now: number;
  #order = 0;
  #alarms: Alarm[] = [];
  #afterPoll: Alarm[] = [];

  constructor(startMs: number = 1_000) {
    this.#now = startMs;
  }

  now(): Instant {
    return this.#now as Instant;
  }

  wallNow(): number {
    return this.#now + this.wallAheadMs;
  }

  wakeAt(at: Instant, wake: () => void): Cancel {
    const alarm = { at, order: this.#order++, wake };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
    };
  }

  afterPoll(run: () => void): Cancel {
    const alarm = { at: 0, order: this.#order++, wake: run };
    this.#afterPoll.push(alarm);
    return () => {
      this.#afterPoll = this.#afterPoll.filter((one) => one !== alarm);
    };
  }

  /** The same: here each turn of the loop is a pass of reading, too. */
  afterTurn(run: () => void): Cancel {
    return this.afterPoll(run);
  }

  /** How many alarms are set. */
  get alarmCount(): number {
    return this.#alarms.length + this.#afterPoll.length;
  }

  /** Lets time pass, each alarm ringing when it is due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    this.#poll();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at);
      this.#alarms = this.#alarms.filter((one) => one !== next);
      next.wake();
      this.#poll();
    }
    this.#now = until;
    this.#poll();
  }

  /** A turn of the event loop ends and the next one begins; no time passes and no alarm rings. */
  turn(): void {
    this.#poll();
  }

  /** Time passes and nothing runs. What became due meanwhile rings late, at the next `advance`. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #next(until: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue;
      const isEarlier = first === undefined || alarm.at < first.at;
      if (isEarlier || (alarm.at === first?.at && alarm.order < first.order)) first = alarm;
    }
    return first;
  }

  #poll(): void {
    this.read();
    while (this.#afterPoll.length > 0) {
      const round = this.#afterPoll;
      this.#afterPoll = [];
      for (const alarm of round) alarm.wake();
      this.read();
    }
  }
}
