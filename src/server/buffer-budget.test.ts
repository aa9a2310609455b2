import fc from "fast-check";
import { expect, test } from "vitest";
import { BufferBudget, type Holder } from "./buffer-budget.ts";

interface Named extends Holder {
  readonly name: string;
}

function budgetOf(bytesMax: number, names: readonly string[], onEnd?: (name: string) => void) {
  const holders = names.map((name): Named => ({ name, heldBytes: 0, isDoomed: false }));
  const ended: string[] = [];
  const budget = new BufferBudget<Named>(
    bytesMax,
    () => holders,
    (holder) => {
      ended.push(holder.name);
      onEnd?.(holder.name);
    },
  );
  const hold = (name: string, bytes: number): void =>
    budget.change(holders.find((one) => one.name === name) as Named, bytes);
  return { budget, holders, ended, hold };
}

test("above the budget the largest holders end first, until an eighth is free", () => {
  const { budget, ended, hold } = budgetOf(800, ["a", "b", "c", "d"]);
  hold("a", 100);
  hold("b", 400);
  hold("c", 300);
  expect(ended).toEqual([]);
  hold("d", 1);
  expect(ended).toEqual(["b"]);
  expect(budget.bytes).toBe(401);
  expect(budget.bytesPeak).toBe(801);
});

test("one end that makes too little room is followed by another", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  const { budget, ended, hold } = budgetOf(800, names);
  for (const name of names) hold(name, 90);
  expect(ended).toEqual(["a", "b"]);
  expect(budget.bytes).toBe(630);
});

test("one that was chosen is never chosen again, though its bytes are freed late", () => {
  const { budget, holders, ended, hold } = budgetOf(800, ["a", "b"]);
  hold("a", 801);
  hold("a", 500); // Its step goes on before it ends.
  hold("b", 700);
  expect(ended).toEqual(["a"]);
  hold("a", -1_301);
  expect(budget.bytes).toBe(700);
  budget.forget(holders[0] as Named);
  expect(budget.bytes).toBe(700);
});

test("after a relief the peak stays, and the budget still guards", () => {
  const { budget, ended, hold } = budgetOf(800, ["a", "b", "c"]);
  hold("a", 5_000);
  hold("b", 500);
  hold("c", 400);
  expect(ended).toEqual(["a", "b"]);
  expect(budget.bytesPeak).toBe(5_000);
});

test("an end may free others and report them while the search goes on", () => {
  const world = budgetOf(800, ["a", "b", "c"], (name) => {
    if (name === "a") world.budget.forget(world.holders[1] as Named);
  });
  world.hold("c", 200);
  world.hold("b", 290);
  world.hold("a", 311);
  expect(world.ended).toEqual(["a"]);
  expect(world.budget.bytes).toBe(200);
});

test("whatever happens, the sum is that of the holders and never above the budget", () => {
  const step = fc.tuple(fc.nat(4), fc.integer({ min: -300, max: 300 }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const names = ["0", "1", "2", "3", "4"];
      const { budget, holders, hold } = budgetOf(1_000, names);
      for (const [at, bytes] of steps) {
        const holder = holders[at] as Named;
        hold(holder.name, Math.max(-holder.heldBytes, bytes));
        const held = holders.filter((one) => !one.isDoomed).map((one) => one.heldBytes);
        expect(budget.bytes).toBe(held.reduce((sum, one) => sum + one, 0));
        expect(budget.bytes).toBeLessThanOrEqual(1_000);
      }
    }),
  );
});
