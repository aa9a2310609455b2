/** The steps of a link: what follows what, who hears of it when, and the one timer between them. */
import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Stall } from "./lateness.ts";
import { Steps } from "./steps.ts";

/** Does nothing but to write down what it has to do. */
class LoggedSteps extends Steps {
  readonly log: string[] = [];
  readonly stalls: Stall[] = [];
  dueAt = Infinity;

  follow(now: Instant): void {
    this.log.push(`follow ${now}`);
  }

  judge(now: Instant): void {
    this.log.push(`judge ${now}`);
    this.dueAt = Infinity;
  }

  onStall(stall: Stall): void {
    this.log.push("stall");
    this.stalls.push(stall);
  }

  deadline(): number {
    return this.dueAt;
  }

  /** Tells of something. */
  drain(): void {
    this.emit("drain");
  }
}

interface Scene {
  readonly owner: LoggedSteps;
  readonly clock: ManualClock;
  readonly steps: LoggedSteps;
  readonly reported: unknown[];
}

function make(): Scene {
  const clock = new ManualClock(0);
  const reported: unknown[] = [];
  const steps = new LoggedSteps(clock, 250, (error) => reported.push(error));
  return { owner: steps, clock, steps, reported };
}

test("a step is the change, what follows, the listeners, and what follows of those", () => {
  const { owner, steps } = make();
  steps.on("drain", () => {
    owner.log.push("listener");
    steps.step(() => owner.log.push("inner change"));
    owner.log.push("listener goes on");
  });
  steps.step(() => {
    owner.log.push("change");
    steps.drain();
  });
  expect(owner.log).toEqual([
    "change",
    "follow 0",
    "listener",
    "inner change",
    "listener goes on",
    "follow 0",
  ]);
});

test("what is told within a listener is heard after what was told before", () => {
  const { steps } = make();
  const heard: string[] = [];
  steps.on("drain", () => {
    if (heard.length === 0) steps.step(() => steps.drain());
    heard.push("first");
  });
  steps.on("drain", () => heard.push("second"));
  steps.step(() => steps.drain());
  expect(heard).toEqual(["first", "second", "first", "second"]);
});

test("a listener that was added twice is called twice, and removed once for each", () => {
  const { steps } = make();
  let heard = 0;
  const listener = (): void => void (heard += 1);
  const undo = steps.on("drain", listener);
  steps.on("drain", listener);
  steps.step(() => steps.drain());
  expect(heard).toBe(2);
  undo();
  undo();
  steps.step(() => steps.drain());
  expect(heard).toBe(3);
});

test("what a listener throws is reported, and the others hear of it all the same", () => {
  const { steps, reported } = make();
  const fault = new Error("mine");
  let heard = 0;
  steps.on("drain", () => {
    throw fault;
  });
  steps.on("drain", () => void (heard += 1));
  steps.step(() => steps.drain());
  expect([heard, reported]).toEqual([1, [fault]]);
});

test("what a change throws leaves a link that can be used", () => {
  const { owner, steps } = make();
  expect(() =>
    steps.step(() => {
      throw new Error("ours");
    }),
  ).toThrow("ours");
  steps.step(() => owner.log.push("next"));
  expect(owner.log).toEqual(["next", "follow 0"]);
});

test("when the timer rings, a pass of reading comes before anything is judged", () => {
  const { owner, clock, steps } = make();
  owner.dueAt = 100;
  steps.step(() => {});
  owner.log.splice(0);
  clock.read = (): void => {
    clock.read = (): void => {};
    if (clock.now() >= 100) steps.step(() => owner.log.push("message"));
  };
  clock.advance(99);
  expect(owner.log).toEqual([]);
  clock.read = (): void => {
    if (clock.now() < 100 || owner.log.includes("message")) return;
    steps.step(() => owner.log.push("message"));
  };
  clock.advance(1);
  expect(owner.log).toEqual(["follow 100", "message", "follow 100", "judge 100", "follow 100"]);
  expect(clock.alarmCount).toBe(0);
});

test("an earlier deadline moves the timer, a later one may ring too early and harms nobody", () => {
  const { owner, clock, steps } = make();
  owner.dueAt = 100;
  steps.step(() => {});
  owner.dueAt = 50;
  steps.step(() => {});
  expect(clock.alarmCount).toBe(1);
  clock.advance(50);
  expect(owner.log).toContain("judge 50");
  owner.dueAt = Infinity;
  steps.step(() => {});
  expect(clock.alarmCount).toBe(0);
});

test("a timer that is late is told of before anything else of the step that finds it", () => {
  const { owner, clock, steps } = make();
  owner.dueAt = 100;
  steps.step(() => {});
  owner.log.splice(0);
  clock.stall(5_000);
  // A message comes first; the timer has not rung yet.
  steps.step(() => owner.log.push("message"));
  expect(owner.log).toEqual(["stall", "message", "follow 5000"]);
  expect(owner.stalls).toEqual([{ lateMs: 4_900, suspended: false }]);
  clock.advance(0);
  expect(owner.stalls).toHaveLength(1);
});

test("a link that has ended leaves no timer behind", () => {
  const { owner, clock, steps } = make();
  owner.dueAt = 100;
  steps.step(() => {});
  owner.dueAt = Infinity;
  steps.step(() => {});
  expect(clock.alarmCount).toBe(0);
  clock.advance(1_000);
  expect(owner.log).not.toContain("judge 100");
});
