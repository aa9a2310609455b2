import { expect, test } from "vitest";
import { EffectQueue } from "./effect-queue.ts";
import type { Effect } from "./effects.ts";

const deliver = (data: string): Effect => ({ do: "deliver", data });

/** What is still there, in order. */
function rest(queue: EffectQueue): unknown[] {
  const data: unknown[] = [];
  for (let effect = queue.shift(); effect; effect = queue.shift()) {
    data.push(effect.do === "deliver" ? effect.data : effect.do);
  }
  return data;
}

test("effects leave in the order in which they came", () => {
  const queue = new EffectQueue();
  for (const name of ["a", "b", "c", "d"]) queue.push(deliver(name));
  expect(rest(queue)).toEqual(["a", "b", "c", "d"]);
  expect(queue.shift()).toBeUndefined();
});

test("what comes while others leave goes behind them", () => {
  const queue = new EffectQueue();
  for (const name of ["a", "b", "c"]) queue.push(deliver(name));
  expect([queue.shift(), queue.shift()]).toEqual([deliver("a"), deliver("b")]);
  for (const name of ["d", "e"]) queue.push(deliver(name));
  expect(queue.shift()).toEqual(deliver("c"));
  queue.push(deliver("f"));
  expect(rest(queue)).toEqual(["d", "e", "f"]);
  queue.push(deliver("g"));
  expect(rest(queue)).toEqual(["g"]);
});

test("after it was cleared half way, nothing old is left", () => {
  const queue = new EffectQueue();
  for (const name of ["a", "b", "c", "d"]) queue.push(deliver(name));
  queue.shift();
  queue.shift();
  queue.clear();
  expect(queue.shift()).toBeUndefined();
  for (const name of ["e", "f", "g"]) queue.push(deliver(name));
  expect(rest(queue)).toEqual(["e", "f", "g"]);
});
