/**
 * The real clock and real chance of a page or a worker: system.ts for where there is no Node.
 *
 * Timers of a hidden page ring once a second, and after some minutes once a minute. What comes from
 * the network does not wait, so whoever handles that calls `catchUp` afterwards, and timers whose
 * time has passed ring then. Easy to break: never inside a call of the clock, and never inside the
 * handler of what came.
 */
import type { Random, Secrets } from "../base/random.ts";
import type { Cancel, Clock, Instant } from "../base/time.ts";

/** What is taken from the platform; a test hands in its own. */
export interface BrowserTimers {
  readonly performance: { now(): number };
  readonly setTimeout: (run: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
  readonly MessageChannel: new () => MessageChannelLike;
}

interface MessageChannelLike {
  readonly port1: { onmessage: unknown; close(): void };
  readonly port2: { postMessage(message: number): void };
}

interface Wake {
  readonly at: number;
  readonly wake: () => void;
  readonly timer: unknown;
}

/** More at once makes browsers ring at once. */
const TIMER_MS_MAX = 0x7fffffff;

export class BrowserClock implements Clock {
  readonly #on: BrowserTimers;
  readonly #wakes = new Set<Wake>();
  readonly #turns: (() => void)[] = [];
  #channel: MessageChannelLike | undefined;

  constructor(on: BrowserTimers) {
    this.#on = on;
  }

  readonly now = (): Instant => this.#on.performance.now() as Instant;

  readonly wallNow = (): number => Date.now();

  readonly wakeAt = (at: Instant, wake: () => void): Cancel => {
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(at - this.now())));
    const timer = this.#on.setTimeout(() => this.#ring(entry), delayMs);
    const entry: Wake = { at, wake, timer };
    this.#wakes.add(entry);
    return () => this.#forget(entry);
  };

  /** Messages of a channel are not throttled, and come one by one with those of the network. */
  readonly afterTurn = (run: () => void): Cancel => {
    let isCancelled = false;
    this.#turns.push(() => {
      if (!isCancelled) run();
    });
    this.#post();
    return () => {
      isCancelled = true;
    };
  };

  /**
   * A browser does not say when it has looked at the network. What it had received stands in the
   * queue of tasks by now, or comes with the next timer that waits for nothing.
   */
  readonly afterPoll = (run: () => void): Cancel => {
    let cancel = this.afterTurn(() => {
      cancel = this.afterTurn(run);
    });
    return () => cancel();
  };

  /** Rings for whatever is overdue, after the present task. */
  readonly catchUp = (): void => {
    const now = this.now();
    for (const entry of this.#wakes) {
      if (entry.at <= now) this.afterTurn(() => this.#ring(entry));
    }
  };

  #ring(entry: Wake): void {
    if (!this.#wakes.has(entry)) return;
    this.#forget(entry);
    entry.wake();
  }

  #forget(entry: Wake): void {
    if (!this.#wakes.delete(entry)) return;
    this.#on.clearTimeout(entry.timer as never);
    this.#rest();
  }

  /** An open channel keeps some runtimes alive; nothing is to be left of the last link. */
  #rest(): void {
    if (this.#turns.length > 0 || this.#wakes.size > 0) return;
    this.#channel?.port1.close();
    this.#channel = undefined;
  }

  #post(): void {
    if (this.#channel === undefined) {
      this.#channel = new this.#on.MessageChannel();
      this.#channel.port1.onmessage = () => {
        this.#turns.shift()?.();
        this.#rest();
      };
    }
    this.#channel.port2.postMessage(0);
  }
}

/** For jitter only. */
export const browserRandom: Random = { next: () => Math.random() };

export const browserSecrets: Secrets = {
  bytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
};

/** Makes what a listener threw an uncaught error, outside the step that called the listener. */
export function reportUncaughtInPage(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
