import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { type Stall, StallLog } from "../liveness/stall-log.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Alarms } from "./alarms.ts";

const CONFIG = { tickMs: 100, watchMs: 1_000, stallToleranceMs: 250 };

function rig() {
  const clock = new ManualClock();
  let timerCount = 0;
  const wakeAt = clock.wakeAt.bind(clock);
  clock.wakeAt = (at, wake) => {
    timerCount += 1;
    return wakeAt(at, wake);
  };
  let tellStall = (): void => {};
  const stalls: Stall[] = [];
  const passes: Instant[] = [];
  const rang: { name: string; at: Instant }[] = [];
  const log = new StallLog(CONFIG);
  const alarms = new Alarms(CONFIG, clock, log, {
    onStall: (stall) => {
      stalls.push(stall);
      tellStall();
    },
    onPassEnd: (now) => passes.push(now),
  });
  /** An alarm that has nothing more to wait for once it rang. */
  const add = (name: string, at: Instant | undefined): number => {
    const onAlarm = (now: Instant): void => {
      rang.push({ name, at: now });
      alarms.set(slot, undefined);
    };
    const slot = alarms.add({ onAlarm }, at);
    return slot;
  };
  const onStall = (tell: () => void): void => {
    tellStall = tell;
  };
  return { clock, stalls, passes, rang, alarms, add, onStall, timers: () => timerCount };
}

test("alarms ring at their time, within a tick, and one timer serves them all", () => {
  const { clock, rang, alarms, add } = rig();
  const start = clock.now();
  const slots = ["a", "b", "c"].map((name, index) => add(name, later(start, 1_000 * (index + 1))));
  expect(clock.alarmCount).toBe(1);
  for (const slot of slots) alarms.set(slot, undefined);
  alarms.set(slots[0] as number, later(start, 5_000));
  clock.advance(4_999);
  expect(rang).toEqual([]);
  clock.advance(101);
  expect(rang.map(({ name }) => name)).toEqual(["a"]);
  expect((rang[0]?.at ?? 0) - start).toBeLessThanOrEqual(5_100);
});

test("an empty house is never late; a full one is, as long as its timer is overdue", () => {
  const { clock, alarms, add } = rig();
  clock.stall(60_000);
  expect(alarms.lateMs(clock.now())).toBe(0);
  add("a", later(clock.now(), 500));
  clock.advance(400);
  expect(alarms.lateMs(clock.now())).toBe(0);
  // The timer does not ring: it was due after 500 ms.
  clock.stall(10_000);
  expect(alarms.lateMs(clock.now())).toBe(9_900);
  clock.advance(0);
  expect(alarms.lateMs(clock.now())).toBe(0);
  alarms.close();
  clock.stall(60_000);
  expect(alarms.lateMs(clock.now())).toBe(0);
});

test("a deadline that moved earlier is met, one that moved later does not ring early", () => {
  const { clock, rang, alarms, add } = rig();
  const start = clock.now();
  const early = add("early", later(start, 60_000));
  const late = add("late", later(start, 1_000));
  alarms.set(early, later(start, 2_000));
  alarms.set(late, later(start, 3_000));
  clock.advance(2_200);
  expect(rang.map(({ name }) => name)).toEqual(["early"]);
  alarms.set(early, undefined);
  clock.advance(1_000);
  expect(rang.map(({ name }) => name)).toEqual(["early", "late"]);
});

// Ours: the sweep that kills whoever pinged while the event loop was blocked.
test("whoever's bytes wait in the kernel after a stall is not judged", () => {
  const { clock, rang, stalls, alarms, add } = rig();
  const spoke = add("spoke", later(clock.now(), 1_000));
  add("silent", later(clock.now(), 1_000));
  clock.stall(2_500);
  clock.read = () => alarms.set(spoke, later(clock.now(), 60_000));
  clock.advance(1_000);
  expect(rang.map(({ name }) => name)).toContain("silent");
  expect(rang.map(({ name }) => name)).not.toContain("spoke");
  expect(stalls.map(({ lateMs }) => lateMs)).toEqual([1_500]);
});

test("a pass that is late itself is recorded, and read what had arrived by the deadline", () => {
  const { clock, rang, stalls, alarms, add } = rig();
  const spoke = add("spoke", later(clock.now(), 1_000));
  add("silent", later(clock.now(), 1_000));
  let isBlocked = true;
  clock.read = () => {
    if (clock.now() !== 2_000 || !isBlocked) return;
    isBlocked = false;
    alarms.set(spoke, later(clock.now(), 60_000));
    clock.stall(1_500); // A listener of another connection takes its time.
  };
  clock.advance(1_000);
  clock.advance(1);
  expect(rang.map(({ name }) => name)).toEqual(["silent"]);
  expect(stalls.map(({ lateMs }) => lateMs)).toEqual([1_500]);
});

// Ours: each pass that was late asked for another one, so under steady load nothing ever rang.
test("an event loop that is always late still gets to its alarms", () => {
  const { clock, rang, alarms } = rig();
  const slot: number = alarms.add(
    {
      onAlarm: (now) => {
        rang.push({ name: "beat", at: now });
        alarms.set(slot, later(now, 500));
      },
    },
    later(clock.now(), 500),
  );
  clock.read = () => clock.stall(300);
  for (let turn = 0; turn < 100; turn++) clock.advance(1);
  expect(rang.length).toBeGreaterThan(10);
});

test("a stall is noticed within a second, though no deadline was near", () => {
  const { clock, stalls, rang, add } = rig();
  add("far", later(clock.now(), 600_000));
  clock.advance(10_500);
  clock.stall(4_000);
  clock.advance(1);
  expect(rang).toEqual([]);
  expect(stalls.map(({ lateMs }) => lateMs)).toEqual([3_500]);
});

test("after a long time with nobody to watch nothing is late", () => {
  const { clock, stalls, rang, add } = rig();
  clock.advance(100_000);
  add("new", later(clock.now(), 500));
  clock.advance(700);
  expect(rang.map(({ name }) => name)).toEqual(["new"]);
  expect(stalls).toEqual([]);
});

test("closing forgets the timer, and removing the last alarm, too", () => {
  const { clock, rang, alarms, add } = rig();
  const slot = add("a", later(clock.now(), 1_000));
  alarms.remove(slot);
  expect(clock.alarmCount).toBe(0);
  add("b", later(clock.now(), 1_000));
  alarms.close();
  expect(clock.alarmCount).toBe(0);
  clock.advance(5_000);
  expect(rang).toEqual([]);
});

test("ten thousand due alarms ring in bounded passes, each once", () => {
  const { clock, passes, alarms } = rig();
  let rung = 0;
  for (let index = 0; index < 10_000; index++) {
    const slot: number = alarms.add(
      {
        onAlarm: () => {
          rung += 1;
          alarms.set(slot, undefined);
        },
      },
      later(clock.now(), 1_000),
    );
  }
  clock.advance(1_200);
  expect(rung).toBe(10_000);
  expect(passes.length).toBeGreaterThanOrEqual(5);
});

// Ours: a deadline that had passed before it was set made the timer look late by up to a second.
test("a deadline that had passed already when it was set is no lateness of ours", () => {
  const { clock, rang, stalls, alarms, add } = rig();
  const slot = add("a", later(clock.now(), 60_000));
  clock.advance(1_900);
  alarms.set(slot, later(clock.now(), -800));
  clock.advance(200);
  expect(rang.map(({ name }) => name)).toEqual(["a"]);
  expect(stalls).toEqual([]);
});

test("a stall that is under way is not forgotten for a deadline that had passed", () => {
  const { clock, stalls, alarms, add } = rig();
  const slot = add("a", later(clock.now(), 60_000));
  clock.advance(1_900);
  clock.stall(3_000);
  alarms.set(slot, later(clock.now(), -3_400));
  clock.advance(200);
  expect(stalls.map(({ lateMs }) => lateMs)).toEqual([2_900]);
});

// Ours: one throw inside an alarm left all others unwatched for ever.
test("an alarm that throws throws, and the others go on being watched", () => {
  const { clock, rang, alarms, add } = rig();
  const start = clock.now();
  const broken = alarms.add(
    {
      onAlarm: () => {
        alarms.remove(broken);
        throw new Error("a fault of ours");
      },
    },
    later(start, 1_000),
  );
  add("same pass", later(start, 1_000));
  add("later", later(start, 3_000));
  expect(() => clock.advance(1_200)).toThrow("a fault of ours");
  clock.advance(2_500);
  expect(rang.map(({ name }) => name)).toEqual(["same pass", "later"]);
});

test("who is watched and beats makes the timer ring once a second, whatever its deadlines", () => {
  const { clock, alarms, rang, add, timers } = rig();
  const start = clock.now();
  const slots = Array.from({ length: 3_000 }, (_, n) => add("watched", later(start, 60_000 + n)));
  const before = timers();
  for (let second = 0; second < 120; second++) {
    for (let n = second % 30; n < slots.length; n += 30) {
      alarms.postpone(slots[n] as number, Float64Array.of(clock.now()), 65_000);
    }
    clock.advance(1_000);
  }
  expect(rang).toEqual([]);
  expect(timers() - before).toBe(120);
});

// Ours: each deadline that had passed when it was set took the timer down and set the same again.
test("a thousand deadlines that have passed set one timer", () => {
  const { clock, rang, add, timers } = rig();
  add("first", later(clock.now(), 60_000));
  clock.advance(1_010);
  const before = timers();
  for (let n = 0; n < 1_000; n++) add("passed", later(clock.now(), -n));
  expect(timers() - before).toBe(1);
  clock.advance(100);
  expect(rang).toHaveLength(1_000);
});

test("a deadline that was set later and then earlier again is met", () => {
  const { clock, rang, alarms, add } = rig();
  const start = clock.now();
  const slot = add("a", later(start, 5_000));
  alarms.postpone(slot, Float64Array.of(start), 90_000);
  clock.advance(20_000);
  alarms.set(slot, later(start, 21_000));
  clock.advance(1_100);
  expect(rang.map(({ name }) => name)).toEqual(["a"]);
});

test("with more to look through than one look reads, who is due is found within a tick", () => {
  const { clock, rang, alarms, add } = rig();
  const start = clock.now();
  const watched = { onAlarm: () => expect.unreachable("it was postponed") };
  const slots = Array.from({ length: 600_000 }, () => alarms.add(watched, later(start, 2_000)));
  add("due", later(start, 2_000));
  for (const slot of slots) alarms.postpone(slot, Float64Array.of(start), 90_000);
  clock.advance(2_000 + CONFIG.tickMs);
  expect(rang.map(({ name }) => name)).toEqual(["due"]);
});

// Ours: the timer that was set while a stall was told rang besides the next one, even after close.
test("who is told of a stall may set an alarm, and there is still one timer", () => {
  const { clock, alarms, rang, onStall } = rig();
  const ring = (now: Instant): void => {
    rang.push({ name: "a", at: now });
    alarms.set(slot, later(now, 60_000));
  };
  const slot: number = alarms.add({ onAlarm: ring }, later(clock.now(), 500));
  onStall(() => alarms.set(slot, later(clock.now(), -1)));
  clock.stall(3_000);
  clock.read = () => expect(clock.alarmCount).toBeLessThanOrEqual(1);
  clock.advance(1);
  expect(rang).toHaveLength(1);
  alarms.close();
  expect(clock.alarmCount).toBe(0);
});
