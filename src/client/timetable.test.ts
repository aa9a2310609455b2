import fc from "fast-check";
import { expect, test } from "vitest";
import { type Instant, later } from "../base/time.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { type Due, Timetable } from "./timetable.ts";

/** Notes when it is rung for. */
class Waiter implements Due {
  readonly rangAt: number[] = [];
  readonly #clock: ManualClock;
  readonly #then: () => void;

  constructor(clock: ManualClock, then: () => void = () => {}) {
    this.#clock = clock;
    this.#then = then;
  }

  onDue(): void {
    this.rangAt.push(this.#clock.now());
    this.#then();
  }
}

function inMs(clock: ManualClock, ms: number): Instant {
  return later(clock.now(), ms);
}

test("one timer serves all, each is rung for once and in time, and then none is left", () => {
  const moments = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(moments, fc.array(fc.nat()), (delays, takenBack) => {
      const clock = new ManualClock(0);
      const timetable = new Timetable(clock);
      const waiters = delays.map(() => new Waiter(clock));
      const entries = waiters.map((waiter, index) =>
        timetable.add(waiter, inMs(clock, delays[index] ?? 0)),
      );
      const gone = new Set(takenBack.map((which) => which % delays.length));
      for (const index of gone) timetable.remove(entries[index] as number);
      expect(clock.alarmCount).toBe(gone.size === delays.length ? 0 : 1);
      clock.advance(5_001);
      const expected = delays.map((ms, index) => (gone.has(index) ? [] : [ms]));
      expect(waiters.map(({ rangAt }) => rangAt)).toEqual(expected);
      expect([timetable.size, clock.alarmCount]).toEqual([0, 0]);
    }),
  );
});

test("an entry taken back by what was read after the timer rang is not rung for", () => {
  const clock = new ManualClock();
  const timetable = new Timetable(clock);
  const waiter = new Waiter(clock);
  const entry = timetable.add(waiter, inMs(clock, 100));
  const dueAt = clock.now() + 100;
  let isRead = false;
  clock.read = () => {
    if (clock.now() < dueAt || isRead) return;
    timetable.remove(entry);
    isRead = true;
  };
  clock.advance(200);
  expect([waiter.rangAt, timetable.size, clock.alarmCount]).toEqual([[], 0, 0]);
});

test("whoever is rung for may take back what is due with it; its place stays free", () => {
  const clock = new ManualClock(0);
  const timetable = new Timetable(clock);
  const late = new Waiter(clock);
  const second = new Waiter(clock);
  const first = new Waiter(clock, () => {
    timetable.remove(secondEntry);
    timetable.add(late, inMs(clock, 1_000));
  });
  timetable.add(first, inMs(clock, 10));
  const secondEntry = timetable.add(second, inMs(clock, 10));
  clock.advance(20);
  expect([first.rangAt, second.rangAt, late.rangAt]).toEqual([[10], [], []]);
  clock.advance(2_000);
  expect(late.rangAt).toEqual([1_010]);
});

test("one that throws keeps nobody else from being rung for", () => {
  const clock = new ManualClock(0);
  const timetable = new Timetable(clock);
  const bad: Due = {
    onDue: () => {
      throw new Error("a fault of ours");
    },
  };
  const waiter = new Waiter(clock);
  timetable.add(bad, inMs(clock, 10));
  timetable.add(waiter, inMs(clock, 10));
  expect(() => clock.advance(20)).toThrow("a fault of ours");
  clock.advance(20);
  expect(waiter.rangAt).toHaveLength(1);
});

test("many at once are rung for in portions, with a look at the sockets between them", () => {
  const clock = new ManualClock(0);
  const timetable = new Timetable(clock);
  let rung = 0;
  const portions: number[] = [];
  clock.read = () => {
    if (rung > 0) portions.push(rung);
    rung = 0;
  };
  for (let count = 0; count < 1_200; count++) {
    timetable.add({ onDue: () => void (rung += 1) }, inMs(clock, 5));
  }
  clock.advance(10);
  expect(portions.length).toBeGreaterThanOrEqual(3);
  expect(portions.reduce((sum, count) => sum + count, 0)).toBe(1_200);
});
