/**
 * The steps of one link, and the one timer that makes some of them.
 *
 * A step is a change, what follows of it, and only then the listeners, which may use the link in
 * any way: what they do follows, too, before the step is over. When the timer rings, a pass of
 * reading comes before anything is judged, since an answer in time may wait unread. Easy to break:
 * a hidden page gets its timers late, so each step first notes how late the one that is due is.
 */
import type { Cancel, Instant } from "../base/time.ts";
import type { LinkEvents } from "../client/status.ts";
import { Lateness, type Stall } from "./lateness.ts";
import type { PageClock } from "./page-platform.ts";

interface Listening {
  readonly name: keyof LinkEvents;
  readonly listener: (...args: readonly unknown[]) => void;
}

export abstract class Steps {
  readonly late: Lateness;
  readonly #clock: PageClock;
  readonly #report: (error: unknown) => void;
  /** One entry for each call of `on`: whoever was added twice is called twice. */
  #listeners: Listening[] = [];
  readonly #ahead: (() => void)[] = [];
  #isBusy = false;
  #timerAt = Infinity;
  #cancel: Cancel = () => {};
  /** The timer has rung, and what waits unread is read. */
  #isLooking = false;

  constructor(clock: PageClock, stallToleranceMs: number, report: (error: unknown) => void) {
    this.late = new Lateness(stallToleranceMs);
    this.#clock = clock;
    this.#report = report;
  }

  /** Does what follows of what happened. */
  abstract follow(now: Instant): void;
  /** Ends what has taken too long. */
  abstract judge(now: Instant): void;
  abstract onStall(stall: Stall, now: Instant): void;
  /** When to come back; never once the link has ended. */
  abstract deadline(now: Instant): number;

  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (...args: LinkEvents[Name]) => void,
  ): Cancel {
    const own = { name, listener: listener as Listening["listener"] };
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== own);
    };
  }

  protected emit<Name extends keyof LinkEvents>(name: Name, ...args: LinkEvents[Name]): void {
    this.afterwards(() => {
      for (const { name: of, listener } of this.#listeners) {
        try {
          if (of === name) listener(...args);
        } catch (error) {
          this.#report(error);
        }
      }
    });
  }

  protected afterwards(run: () => void): void {
    this.#ahead.push(run);
  }

  step(change: (now: Instant) => void): void {
    const now = this.#clock.now();
    if (this.#isBusy) return change(now);
    this.#isBusy = true;
    try {
      this.#noteLateness(now);
      change(now);
      for (let isNew = true; isNew; ) {
        this.follow(now);
        isNew = this.#ahead.length > 0;
        for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) next();
      }
    } finally {
      this.#isBusy = false;
      this.#setTimer(now);
    }
  }

  #noteLateness(now: Instant): void {
    if (now < this.#timerAt) return;
    const stall = this.late.tick(this.#timerAt, now, this.#clock.wallNow());
    this.#forget();
    if (stall !== undefined) this.onStall(stall, now);
  }

  #setTimer(now: Instant): void {
    const at = this.deadline(now);
    if (at === Infinity) this.#forget();
    // It may ring too early, which harms nobody.
    if (this.#isLooking || at >= this.#timerAt) return;
    this.#cancel();
    this.#timerAt = at;
    this.#cancel = this.#clock.wakeAt(at as Instant, () => this.#ring());
  }

  #ring(): void {
    this.step(() => {});
    if (this.#timerAt === Infinity) return;
    this.#forget();
    this.#isLooking = true;
    this.#cancel = this.#clock.afterPoll(() => {
      this.#isLooking = false;
      this.step((now) => this.judge(now));
    });
  }

  #forget(): void {
    this.#cancel();
    this.#timerAt = Infinity;
    this.#isLooking = false;
  }
}
