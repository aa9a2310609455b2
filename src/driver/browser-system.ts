/**
 * The real clock and real chance of a page or a worker: system.ts for where there is no Node.
 *
 * Timers of a hidden page ring once a second, and after some minutes once a minute; what comes from
 * the network, and what a page tells itself by a channel, does not wait. Easy to break: an open
 * channel keeps some runtimes alive, so nothing of it is left behind.
 */
import type { Random } from "../base/random.ts";
import type { Cancel, Instant } from "../base/time.ts";

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

/** More at once makes browsers ring at once. */
const TIMER_MS_MAX = 0x7fffffff;
/** What the browser had received by the first stands before the second in its queue of tasks. */
const HOPS = 2;

export class BrowserClock {
  readonly #on: BrowserTimers;

  constructor(on: BrowserTimers) {
    this.#on = on;
  }

  now(): Instant {
    return this.#on.performance.now() as Instant;
  }

  wallNow(): number {
    return Date.now();
  }

  wakeAt(at: Instant, wake: () => void): Cancel {
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(at - this.now())));
    const timer = this.#on.setTimeout(wake, delayMs);
    return () => this.#on.clearTimeout(timer as never);
  }

  /** A browser does not say when it has looked at the network, so this waits its turn, twice. */
  afterPoll(run: () => void): Cancel {
    const { port1, port2 } = new this.#on.MessageChannel();
    let hops = 0;
    port1.onmessage = () => {
      hops += 1;
      if (hops < HOPS) return port2.postMessage(0);
      port1.close();
      run();
    };
    port2.postMessage(0);
    return () => port1.close();
  }
}

/** For jitter only. */
export const browserRandom: Random = { next: () => Math.random() };

/** Makes what a listener threw an uncaught error, outside the step that called the listener. */
export function reportUncaughtInPage(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
