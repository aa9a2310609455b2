import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { BrowserClock } from "./browser-system.ts";

/** A page whose time and tasks move when they are told to. */
class FakePage {
  nowMs = 1_000;
  readonly timers = new Map<number, { readonly run: () => void; readonly delayMs: number }>();
  readonly tasks: (() => void)[] = [];
  #count = 0;
  openChannels = 0;
  readonly performance = { now: (): number => this.nowMs };

  readonly setTimeout = (run: () => void, delayMs: number): number => {
    this.#count += 1;
    this.timers.set(this.#count, { run, delayMs });
    return this.#count;
  };

  readonly clearTimeout = (timer: number): void => void this.timers.delete(timer);

  get MessageChannel(): new () => {
    readonly port1: { onmessage: unknown; close(): void };
    readonly port2: { postMessage(message: number): void };
  } {
    const { tasks } = this;
    const count = (change: number): void => {
      this.openChannels += change;
    };
    return class {
      readonly port1: { onmessage: unknown; close(): void } = {
        onmessage: null,
        close: () => {
          this.isClosed = true;
          count(-1);
        },
      };
      isClosed = false;

      constructor() {
        count(1);
      }

      readonly port2 = {
        postMessage: (): void =>
          void tasks.push(() => {
            if (!this.isClosed) (this.port1.onmessage as () => void)();
          }),
      };
    };
  }

  /** Runs what is queued by now, as one turn after the other. */
  turn(count: number): void {
    for (let left = count; left > 0; left--) this.tasks.shift()?.();
  }

  ringTimers(): void {
    for (const [timer, { run }] of this.timers) {
      this.timers.delete(timer);
      run();
    }
  }
}

function at(ms: number): Instant {
  return ms as Instant;
}

test("a wake is set for its time, rings once, and can be taken back", () => {
  const page = new FakePage();
  const clock = new BrowserClock(page);
  const rung: string[] = [];
  clock.wakeAt(at(1_500.5), () => rung.push("a"));
  const cancel = clock.wakeAt(at(1_200), () => rung.push("b"));
  expect([...page.timers.values()].map(({ delayMs }) => delayMs)).toEqual([501, 200]);
  cancel();
  cancel();
  page.ringTimers();
  page.ringTimers();
  expect(rung).toEqual(["a"]);
});

test("no timer is asked for what browsers take for zero", () => {
  const page = new FakePage();
  new BrowserClock(page).wakeAt(at(1e12), () => {});
  expect([...page.timers.values()][0]?.delayMs).toBe(2 ** 31 - 1);
});

test("a poll takes a round of what was queued before, and can be taken back midway", () => {
  const page = new FakePage();
  const clock = new BrowserClock(page);
  const run: string[] = [];
  clock.afterPoll(() => run.push("polled"));
  page.tasks.push(() => run.push("message"));
  page.turn(2);
  expect(run).toEqual(["message"]);
  page.turn(1);
  expect(run).toEqual(["message", "polled"]);
  const cancel = clock.afterPoll(() => run.push("never"));
  page.turn(1);
  cancel();
  page.turn(3);
  expect(run).toEqual(["message", "polled"]);
});

test("nothing is left open when nothing is waited for", () => {
  const page = new FakePage();
  const clock = new BrowserClock(page);
  clock.afterPoll(() => {});
  expect(page.openChannels).toBe(1);
  page.turn(2);
  expect(page.openChannels).toBe(0);
  clock.afterPoll(() => {})();
  clock.wakeAt(at(2_000), () => {})();
  expect([page.openChannels, page.timers.size]).toEqual([0, 0]);
});
