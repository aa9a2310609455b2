/** The table of deadlines against a model that is too simple to be wrong. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DeadlineTable } from "../../src/liveness/deadline-table.ts";
import { at } from "./liveness-bench.ts";

const moment = fc.option(fc.integer({ min: -50, max: 3_000 }), { nil: undefined });
const commands = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant("add" as const), afterMs: moment, times: fc.nat(1_500) }),
    fc.record({ op: fc.constant("set" as const), afterMs: moment, pick: fc.nat() }),
    fc.record({ op: fc.constant("remove" as const), pick: fc.nat(), times: fc.nat(40) }),
    // 0: a deadline that equals now; large: the clock steps over everything.
    fc.record({
      op: fc.constant("sweep" as const),
      byMs: fc.oneof(fc.constant(0), fc.nat(500), fc.constant(100_000)),
      most: fc.option(fc.integer({ min: 1, max: 700 }), { nil: undefined }),
    }),
  ),
  { maxLength: 40 },
);

function sorted(slots: Iterable<number>): number[] {
  return [...slots].sort((a, b) => a - b);
}

test("deadlines: the table agrees with a plain map, whatever is done to it", () => {
  fc.assert(
    fc.property(commands, (all) => {
      const table = new DeadlineTable();
      const model = new Map<number, number>();
      let now = 0;
      const moveTo = (afterMs: number | undefined): number =>
        afterMs === undefined ? Infinity : now + afterMs;
      const give = (ms: number) => (ms === Infinity ? undefined : at(ms));
      const pick = (n: number): number | undefined => [...model.keys()][n % model.size];
      for (const command of all) {
        if (command.op === "add") {
          for (let n = 0; n < command.times; n++) {
            const due = moveTo(command.afterMs) + n;
            const slot = table.add(give(due));
            expect(model.has(slot)).toBe(false);
            model.set(slot, due);
          }
        } else if (command.op === "set" && model.size > 0) {
          const slot = pick(command.pick) ?? 0;
          model.set(slot, moveTo(command.afterMs));
          table.set(slot, give(moveTo(command.afterMs)));
        } else if (command.op === "remove") {
          for (let n = 0; n < command.times && model.size > 0; n++) {
            const slot = pick(command.pick) ?? 0;
            model.delete(slot);
            table.remove(slot);
          }
        } else if (command.op === "sweep") {
          now += command.byMs;
          const due = [...model].filter(([, ms]) => ms <= now).map(([slot]) => slot);
          const into: number[] = [];
          table.collectDue(at(now), into, command.most);
          expect(new Set(into).size).toBe(into.length);
          expect(into).toHaveLength(Math.min(due.length, command.most ?? Infinity));
          for (const slot of into) expect(model.get(slot)).toBeLessThanOrEqual(now);
        }
        const earliest = Math.min(Infinity, ...model.values());
        expect(table.nextAt() ?? Infinity).toBe(earliest);
        expect(table.size).toBe(model.size);
      }
    }),
    { numRuns: 150 },
  );
});

test("deadlines: a bounded sweep gives each due slot its turn, though none of them moves", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 900 }),
      (count, most) => {
        const table = new DeadlineTable();
        for (let n = 0; n < count; n++) table.add(at(n % 7));
        const seen = new Set<number>();
        for (let call = 0; call < Math.ceil(count / most); call++) {
          const into: number[] = [];
          table.collectDue(at(10), into, most);
          for (const slot of into) seen.add(slot);
        }
        expect(seen.size).toBe(count);
      },
    ),
    { numRuns: 60 },
  );
});

test("deadlines: what changes while a sweep is handled is seen by the next", () => {
  const table = new DeadlineTable();
  const slots = Array.from({ length: 3_000 }, (_, n) => table.add(at(1_000 + n)));
  const into: number[] = [];
  table.collectDue(at(1_000), into);
  expect(into).toEqual([slots[0]]);
  table.set(slots[2_500] as number, at(500));
  table.remove(slots[0] as number);
  const reused = table.add(at(1_000));
  expect(reused).toBe(slots[0]);
  into.length = 0;
  table.collectDue(at(1_000), into);
  expect(sorted(into)).toEqual([reused, slots[2_500]]);
  table.set(reused, undefined);
  table.set(slots[2_500] as number, at(9_000));
  expect(table.nextAt()).toBe(1_001);
  expect(() => table.remove(99_999)).toThrow(/broken promise/);
});

test("deadlines: a table that grows forgets nothing of what it knew", () => {
  const table = new DeadlineTable();
  const first = table.add(at(10));
  for (let n = 1; n < 1_024; n++) table.add(at(500 + n));
  table.set(first, at(5_000)); // The bound of the first block is too early from here on.
  table.add(at(9_000)); // The table grows.
  expect(table.nextAt()).toBe(501);
});
