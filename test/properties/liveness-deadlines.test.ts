/** The table of deadlines against a model that is too simple to be wrong. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CHUNK_SLOTS } from "../../src/liveness/deadline-block.ts";
import { DeadlineTable } from "../../src/liveness/deadline-table.ts";
import { at } from "./liveness-bench.ts";

const BLOCK_SLOTS = 1_024;
const ROW_SLOTS = 32;

const moment = fc.option(fc.integer({ min: -50, max: 3_000 }), { nil: undefined });
const commands = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant("add" as const), afterMs: moment, times: fc.nat(1_500) }),
    fc.record({ op: fc.constant("set" as const), afterMs: moment, pick: fc.nat() }),
    fc.record({ op: fc.constant("postpone" as const), byMs: fc.nat(2_000), share: fc.nat(9) }),
    fc.record({ op: fc.constant("remove" as const), pick: fc.nat(), times: fc.nat(1_500) }),
    // 0: a deadline that equals now; large: the clock steps over everything.
    fc.record({
      op: fc.constant("sweep" as const),
      byMs: fc.oneof(fc.constant(0), fc.nat(500), fc.constant(100_000)),
      enough: fc.option(fc.integer({ min: 1, max: 700 }), { nil: undefined }),
    }),
  ),
  { maxLength: 40 },
);
type Command = typeof commands extends fc.Arbitrary<(infer One)[]> ? One : never;

/** One table and a map of what it was told, with a clock that only goes forward. */
class Model {
  readonly slots = new Map<number, number>();
  readonly table: DeadlineTable<number>;
  now = 0;
  #ownerCount = 0;
  readonly #owners = new Map<number, number>();

  constructor(slotsPerLook?: number) {
    this.table = new DeadlineTable(slotsPerLook);
  }

  get earliest(): number {
    let earliest = Infinity;
    for (const due of this.slots.values()) earliest = Math.min(earliest, due);
    return earliest;
  }

  get due(): number[] {
    return [...this.slots].filter(([, due]) => due <= this.now).map(([slot]) => slot);
  }

  run(command: Command): void {
    if (command.op === "add") this.#add(command.afterMs, command.times);
    else if (command.op === "set") this.#set(command.pick, command.afterMs);
    else if (command.op === "postpone") this.#postpone(command.byMs, command.share);
    else if (command.op === "remove") this.#remove(command.pick, command.times);
    else this.now += command.byMs;
  }

  /** Calls until nothing is left over, and what each of them brought. */
  collect(enough?: number): number[] {
    const all: number[] = [];
    for (let turn = 0, isAll = false; !isAll; turn++) {
      expect(turn).toBeLessThan(10_000);
      const into: number[] = [];
      isAll = this.table.collectDue(at(this.now), into, enough);
      if (enough !== undefined) expect(into.length).toBeLessThan(enough + ROW_SLOTS);
      for (const slot of into) {
        // Who was collected moves on, as after an alarm; otherwise it would be collected again.
        expect(this.slots.get(slot)).toBeLessThanOrEqual(this.now);
        this.slots.set(slot, this.now + 700);
        this.table.set(slot, at(this.now + 700));
      }
      all.push(...into);
    }
    return all;
  }

  checkOwners(): void {
    for (const [slot, owner] of this.#owners) expect(this.table.owner(slot)).toBe(owner);
  }

  #add(afterMs: number | undefined, times: number): void {
    for (let n = 0; n < times; n++) {
      const due = afterMs === undefined ? Infinity : this.now + afterMs + n;
      const slot = this.table.add(this.#ownerCount, give(due));
      expect(this.slots.has(slot)).toBe(false);
      this.slots.set(slot, due);
      this.#owners.set(slot, this.#ownerCount++);
    }
  }

  #set(pick: number, afterMs: number | undefined): void {
    const slot = this.#picked(pick);
    if (slot === undefined) return;
    const due = afterMs === undefined ? Infinity : this.now + afterMs;
    this.slots.set(slot, due);
    this.table.set(slot, give(due));
  }

  #postpone(byMs: number, share: number): void {
    for (const [slot, due] of this.slots) {
      if (due === Infinity || slot % 10 > share) continue;
      this.slots.set(slot, due + byMs);
      this.table.postpone(slot, Float64Array.of(due), byMs);
    }
  }

  #remove(pick: number, times: number): void {
    const first = pick % Math.max(1, this.slots.size);
    for (const slot of [...this.slots.keys()].slice(first, first + times)) {
      this.slots.delete(slot);
      this.#owners.delete(slot);
      this.table.remove(slot);
      expect(this.table.owner(slot)).toBe(undefined);
    }
  }

  #picked(pick: number): number | undefined {
    return [...this.slots.keys()][pick % this.slots.size];
  }
}

function give(ms: number) {
  return ms === Infinity ? undefined : at(ms);
}

function sorted(slots: Iterable<number>): number[] {
  return [...slots].sort((a, b) => a - b);
}

test("deadlines: the table agrees with a plain map, whatever is done to it", () => {
  fc.assert(
    fc.property(commands, fc.nat(2_000), (all, lookMs) => {
      const model = new Model();
      for (const command of all) {
        model.run(command);
        if (command.op === "sweep") {
          const { due } = model;
          expect(sorted(model.collect(command.enough))).toEqual(sorted(due));
        }
        const until = model.now + lookMs;
        expect(model.table.nextAt(at(until))).toBe(Math.min(until, model.earliest));
        expect(model.table.size).toBe(model.slots.size);
      }
      expect(model.table.nextAt() ?? Infinity).toBe(model.earliest);
      model.checkOwners();
    }),
    { numRuns: 120 },
  );
});

test("deadlines: where one look does not do, the next ones go on, and none tells too late", () => {
  fc.assert(
    fc.property(commands, (all) => {
      const model = new Model(BLOCK_SLOTS);
      for (const command of all) {
        model.run(command);
        if (command.op === "sweep") {
          const { due } = model;
          expect(sorted(model.collect(command.enough))).toEqual(sorted(due));
        }
        const { earliest } = model;
        expect(model.table.nextAt() ?? Infinity).toBeLessThanOrEqual(earliest);
        const looks = 2 + model.slots.size / BLOCK_SLOTS + model.table.heldSlots / BLOCK_SLOTS;
        for (let look = 0; look < looks; look++) model.table.nextAt();
        expect(model.table.nextAt() ?? Infinity).toBe(earliest);
      }
    }),
    { numRuns: 60 },
  );
});

test("deadlines: one look reads no more than it may, and the next one goes on there", () => {
  const table = new DeadlineTable<number>(2 * BLOCK_SLOTS);
  // Every bound has come, every deadline has moved: all that a look can do is put bounds right.
  const slots = Array.from({ length: 10 * BLOCK_SLOTS }, (_, n) => table.add(n, at(100)));
  for (const slot of slots) table.postpone(slot, Float64Array.of(0), 5_000);
  const into: number[] = [];
  const answers = Array.from({ length: 5 }, () => table.collectDue(at(100), into));
  expect(answers).toEqual([false, false, false, false, true]);
  expect(into).toEqual([]);
  for (const slot of slots) table.postpone(slot, Float64Array.of(0), 9_000);
  const found = Array.from({ length: 6 }, () => table.nextAt(at(6_000)));
  expect(found).toEqual([5_000, 5_000, 5_000, 5_000, 6_000, 6_000]);
});

test("deadlines: a bounded sweep gives each due slot its turn, though none of them moves", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 900 }),
      (count, enough) => {
        const table = new DeadlineTable<number>();
        for (let n = 0; n < count; n++) table.add(n, at(n % 7));
        const seen = new Set<number>();
        for (let call = 0; call < Math.ceil(count / enough); call++) {
          const into: number[] = [];
          table.collectDue(at(10), into, enough);
          for (const slot of into) seen.add(slot);
        }
        expect(seen.size).toBe(count);
      },
    ),
    { numRuns: 60 },
  );
});

test("deadlines: what changes while a sweep is handled is seen by the next", () => {
  const table = new DeadlineTable<number>();
  const slots = Array.from({ length: 3_000 }, (_, n) => table.add(n, at(1_000 + n)));
  const into: number[] = [];
  expect(table.collectDue(at(1_000), into)).toBe(true);
  expect(into).toEqual([slots[0]]);
  table.set(slots[2_500] as number, at(500));
  table.remove(slots[0] as number);
  const reused = table.add(7, at(1_000));
  expect(reused).toBe(slots[0]);
  into.length = 0;
  table.collectDue(at(1_000), into);
  expect(sorted(into)).toEqual([reused, slots[2_500]]);
  table.set(reused, undefined);
  table.set(slots[2_500] as number, at(9_000));
  expect(table.nextAt()).toBe(1_001);
});

test("deadlines: a sweep that goes on in the middle comes round to where it began", () => {
  const table = new DeadlineTable<number>();
  const slots = Array.from({ length: 3 * ROW_SLOTS }, (_, n) => table.add(n, at(100)));
  const into: number[] = [];
  expect(table.collectDue(at(100), into, ROW_SLOTS)).toBe(false);
  for (const slot of into) table.set(slot, at(900));
  table.set(slots[3] as number, at(50));
  into.length = 0;
  expect(table.collectDue(at(100), into)).toBe(true);
  expect(sorted(into)).toEqual([slots[3], ...slots.slice(ROW_SLOTS)]);
});

test("deadlines: a table that grows forgets nothing of what it knew", () => {
  const table = new DeadlineTable<number>();
  const first = table.add(0, at(10));
  expect(table.reservedSlots).toBe(BLOCK_SLOTS); // Whoever watches few is not charged for many.
  for (let n = 1; n < BLOCK_SLOTS; n++) table.add(n, at(500 + n));
  table.set(first, at(5_000)); // The bound of the first block is too early from here on.
  table.add(BLOCK_SLOTS, at(9_000)); // The table grows.
  expect(table.reservedSlots).toBe(CHUNK_SLOTS);
  expect(table.nextAt()).toBe(501);
  table.postpone(1, Float64Array.of(8_000), 0);
  expect(table.nextAt()).toBe(502);
});

test("deadlines: memory comes by the block, and goes with the crowd", () => {
  const table = new DeadlineTable<number>();
  const resident = table.add(0, at(50));
  const crowd = Array.from({ length: 20 * BLOCK_SLOTS - 1 }, (_, n) => table.add(n, at(100 + n)));
  expect(table.heldSlots).toBe(20 * BLOCK_SLOTS);
  const late = crowd.pop() as number;
  for (const slot of crowd) table.remove(slot);
  // One with the resident, one with the late one, and one that is kept for the next to come.
  expect(table.heldSlots).toBe(3 * BLOCK_SLOTS);
  expect(table.nextAt()).toBe(50);
  table.remove(resident);
  table.remove(late);
  expect(table.heldSlots).toBe(BLOCK_SLOTS);
  expect(table.nextAt()).toBe(undefined);
  expect(table.add(1, undefined)).toBe(resident); // Low slots are taken first.
});

test("deadlines: who is not in the table cannot be moved, or it is found out", () => {
  const table = new DeadlineTable<number>();
  const slot = table.add(0, at(10));
  const promise = /broken promise: (?:only a slot|a slot is given back once|a deadline is)/;
  for (const free of [slot + 1, 99_999]) {
    expect(() => table.remove(free)).toThrow(promise);
    expect(() => table.set(free, at(5))).toThrow(promise);
  }
  expect(() => table.set(slot, at(Number.NaN))).toThrow(promise);
  expect([table.nextAt(), table.size]).toEqual([10, 1]);
  table.remove(slot);
  table.postpone(slot, Float64Array.of(0), 20);
  const found = /broken promise: nobody moves the deadline of a slot that was given back/;
  expect(() => table.collectDue(at(20), [])).toThrow(found);
  expect(() => table.add(1, at(10))).toThrow(found);
});

test("memory is given back with the last block of a chunk, and taken again", () => {
  const table = new DeadlineTable<number>();
  const count = 2 * CHUNK_SLOTS + 1;
  const add = (index: number): number => table.add(index, at(5_000));
  const slots = Array.from({ length: count }, (_, index) => add(index));
  expect(table.reservedSlots).toBe(3 * CHUNK_SLOTS);
  // The middle one first: what is beyond it stays where it is.
  for (const slot of slots.slice(CHUNK_SLOTS, 2 * CHUNK_SLOTS)) table.remove(slot);
  const last = slots.at(-1) as number;
  table.postpone(last, Float64Array.of(5_000), 1_000);
  expect(table.reservedSlots).toBe(3 * CHUNK_SLOTS); // One empty block is kept.
  for (const slot of slots.slice(0, CHUNK_SLOTS)) table.remove(slot);
  expect(table.reservedSlots).toBe(2 * CHUNK_SLOTS);
  expect([table.size, table.nextAt(), table.owner(last)]).toEqual([1, 6_000, count - 1]);
  const again = Array.from({ length: 2 * CHUNK_SLOTS }, (_, index) => add(index));
  expect(new Set([...again, last]).size).toBe(count);
  for (const slot of [...again, last]) table.remove(slot);
  expect([table.size, table.reservedSlots]).toEqual([0, CHUNK_SLOTS]);
});
