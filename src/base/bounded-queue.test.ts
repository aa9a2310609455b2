import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";

test("a queue of one is empty again and again", () => {
  const queue = new BoundedQueue<string>(10);
  for (const item of ["a", "b", "c"]) {
    expect(queue.push(item, 4)).toBe(true);
    expect([queue.length, queue.weight, queue.peek()]).toEqual([1, 4, item]);
    expect(queue.shift()).toBe(item);
    expect([queue.length, queue.weight, queue.peek(), queue.shift()]).toEqual([
      0,
      0,
      undefined,
      undefined,
    ]);
  }
  expect(queue.drain()).toEqual([]);
});

test("what does not fit is refused, and changes nothing", () => {
  const queue = new BoundedQueue<string>(10);
  expect([queue.push("a", 6), queue.push("b", 5), queue.push("c", 4)]).toEqual([true, false, true]);
  expect([queue.length, queue.weight]).toEqual([2, 10]);
  expect(queue.drain()).toEqual(["a", "c"]);
  expect([queue.length, queue.weight, queue.push("d", 10)]).toEqual([0, 0, true]);
  expect(queue.shift()).toBe("d");
});

test("whatever is done to it, it does what an array would", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ push: fc.nat(), weight: fc.nat(4) }) },
    { weight: 4, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("drain" as const) },
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const queue = new BoundedQueue<number>(20);
      let model: { push: number; weight: number }[] = [];
      const weight = (): number => model.reduce((sum, one) => sum + one.weight, 0);
      for (const one of steps) {
        if (one === "shift") expect(queue.shift()).toBe(model.shift()?.push);
        else if (one === "drain") {
          expect(queue.drain()).toEqual(model.map(({ push }) => push));
          model = [];
        } else {
          const fits = weight() + one.weight <= 20;
          expect(queue.push(one.push, one.weight)).toBe(fits);
          if (fits) model.push(one);
        }
        expect(queue.peek()).toBe(model[0]?.push);
        expect([queue.length, queue.weight]).toEqual([model.length, weight()]);
      }
    }),
  );
});
