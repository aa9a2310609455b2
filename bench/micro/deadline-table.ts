/** The table of deadlines with 1,000,000 connections in it. */
import type { Instant } from "../../src/base/time.ts";
import { DeadlineTable } from "../../src/liveness/deadline-table.ts";
import { expectSame, expectThat, type MicroGroup, type MicroTask } from "./task.ts";

const SLOTS = 1_000_000;
const BLOCK_SLOTS = 1_024;
/** All of them in one look: what is measured is the whole of a sweep. */
const SLOTS_PER_LOOK = 2 ** 20;
/** A prime, so that neighbours in time are not neighbours in the table. */
const STRIDE = 7_919;
/** All deadlines are after this. */
const FROM = 100_000.5;
const SPAN_MS = 60_000;
const BEFORE_ALL = FROM as Instant;
const WHEN = new Float64Array(1);

export const deadlineTable: MicroGroup = {
  title: "deadline table of 1,000,000",
  tasks: () => [
    moveLater("deadlines: set later", (table, slot, at) => table.set(slot, at)),
    moveLater("deadlines: postpone", (table, slot, at) => {
      WHEN[0] = at;
      table.postpone(slot, WHEN, 0);
    }),
    setEarlier(),
    sweep("deadlines: sweep, nothing due", filled(), 0),
    sweep("deadlines: sweep, 1 % due, one in each hundred", filled(isHundredth), SLOTS / 100),
    sweep("deadlines: sweep, 1 % due, side by side", filled(isFirst), SLOTS / 100),
    watchedSecond(),
    nextAt("deadlines: nextAt, all bounds are right", 0),
    nextAt("deadlines: set and nextAt, one bound is stale", 1),
    nextAt("deadlines: set and nextAt, all bounds are stale", Math.ceil(SLOTS / BLOCK_SLOTS)),
  ],
};

function isHundredth(slot: number): boolean {
  return slot % 100 === 0;
}

function isFirst(slot: number): boolean {
  return slot < SLOTS / 100;
}

/** Spread evenly over a minute; `isEarly` picks who is due before that. */
function filled(isEarly: (slot: number) => boolean = () => false): DeadlineTable<number> {
  const table = new DeadlineTable<number>(SLOTS_PER_LOOK);
  for (let slot = 0; slot < SLOTS; slot++) {
    table.add(slot, (isEarly(slot) ? FROM - 1 : spreadAt(slot)) as Instant);
  }
  return table;
}

function spreadAt(slot: number): number {
  return FROM + 1 + (((slot * STRIDE) % SLOTS) / SLOTS) * SPAN_MS;
}

/** What each byte heard does. */
function moveLater(
  name: string,
  move: (table: DeadlineTable<number>, slot: number, at: Instant) => void,
): MicroTask {
  const table = filled();
  let slot = 0;
  let at = FROM + 2 * SPAN_MS;
  return {
    name,
    check() {
      const own = new DeadlineTable<number>();
      const one = own.add(0, 10 as Instant);
      move(own, one, 20 as Instant);
      expectSame(own.nextAt(), 20);
    },
    run(times) {
      for (let count = 0; count < times; count++) {
        slot = (slot + STRIDE) % SLOTS;
        at += 0.01;
        move(table, slot, at as Instant);
      }
      return at + table.size;
    },
  };
}

function setEarlier(): MicroTask {
  const table = filled();
  let slot = 0;
  let at = FROM;
  return {
    name: "deadlines: set earlier",
    check() {
      const own = new DeadlineTable<number>();
      const one = own.add(0, 10 as Instant);
      own.set(one, 5 as Instant);
      expectSame(own.nextAt(), 5);
    },
    run(times) {
      for (let count = 0; count < times; count++) {
        slot = (slot + STRIDE) % SLOTS;
        at -= 0.000_01;
        table.set(slot, at as Instant);
      }
      return at + table.size;
    },
  };
}

/** Who is due stays so until it is set, so that each sweep finds the same. */
function sweep(name: string, table: DeadlineTable<number>, dueCount: number): MicroTask {
  const due: number[] = [];
  const once = (): number => {
    due.length = 0;
    table.collectDue(BEFORE_ALL, due);
    return due.length;
  };
  return {
    name,
    check: () => expectSame(once(), dueCount),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += once();
      return sum;
    },
  };
}

/** The whole price of watching for a second: everybody beats each 30 seconds, nobody is due. */
function watchedSecond(): MicroTask {
  const table = new DeadlineTable<number>(SLOTS_PER_LOOK);
  for (let slot = 0; slot < SLOTS; slot++) table.add(slot, (FROM + 2 * SPAN_MS) as Instant);
  const beatsPerSecond = Math.ceil(SLOTS / 30);
  let slot = 0;
  let now = FROM + SPAN_MS;
  const second = (): number => {
    now += 1_000;
    WHEN[0] = now;
    for (let count = 0; count < beatsPerSecond; count++) {
      slot = (slot + STRIDE) % SLOTS;
      table.postpone(slot, WHEN, SPAN_MS);
    }
    return table.nextAt((now + 1_000) as Instant);
  };
  return {
    name: "deadlines: one second of watching, 33,334 postponed",
    check() {
      for (let count = 0; count < 90; count++) expectSame(second(), now + 1_000);
      expectSame(table.size, SLOTS);
    },
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += second();
      return sum;
    },
  };
}

/** Before each look the earliest deadline of so many blocks is moved to where the others are. */
function nextAt(name: string, staleCount: number): MicroTask {
  const table = filled((slot) => slot % BLOCK_SLOTS === 0);
  const at = FROM - 1;
  const once = (): number => {
    for (let block = 0; block < staleCount; block++) {
      // Earlier than all others, then later than before: the bound of the block is now wrong.
      table.set(block * BLOCK_SLOTS, (at - 1) as Instant);
      table.set(block * BLOCK_SLOTS, at as Instant);
    }
    return table.nextAt() ?? 0;
  };
  return {
    name,
    check() {
      expectThat(once() < BEFORE_ALL, "the earliest is found");
      expectSame(table.size, SLOTS);
    },
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += once();
      return sum;
    },
  };
}
