import fc from "fast-check";
import { expect, test } from "vitest";
import { EventHeap, type HeapEntry } from "./event-heap.ts";
import { Timeline } from "./timeline.ts";

test("whatever is forgotten, the rest comes out by time, ties in order of asking", () => {
  const steps = fc.array(fc.record({ atMs: fc.nat(20), forgets: fc.nat(3) }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, (given) => {
      const heap = new EventHeap();
      const entries: { entry: HeapEntry; atMs: number; index: number }[] = [];
      const ran: number[] = [];
      given.forEach(({ atMs }, index) => {
        entries.push({ entry: heap.push(atMs, () => ran.push(index)), atMs, index });
      });
      const kept = entries.filter(({ index }) => given[index]?.forgets !== 0);
      for (const one of entries) if (!kept.includes(one)) heap.forget(one.entry);
      expect(heap.size).toBe(kept.length);
      for (let run = heap.take(); run !== undefined; run = heap.take()) run();
      const sorted = kept.toSorted((a, b) => a.atMs - b.atMs || a.index - b.index);
      expect(ran).toEqual(sorted.map(({ index }) => index));
    }),
  );
});

test("forgetting twice, or after the run, forgets nothing else", () => {
  const heap = new EventHeap();
  const first = heap.push(1, () => {});
  const second = heap.push(2, () => {});
  expect(heap.forget(first)).toBe(true);
  expect(heap.forget(first)).toBe(false);
  heap.take();
  expect(heap.forget(second)).toBe(false);
  expect(heap.size).toBe(0);
});

test("what is asked for in the past happens now, after what was asked for before", () => {
  const timeline = new Timeline();
  const ran: string[] = [];
  timeline.at(10, () => {
    timeline.at(3, () => ran.push(`late ${timeline.nowMs}`));
    ran.push("first");
  });
  timeline.at(10, () => ran.push("second"));
  const cancel = timeline.in(10, () => ran.push("never"));
  cancel();
  timeline.runUntil(50);
  expect(ran).toEqual(["first", "second", "late 10"]);
  expect([timeline.nowMs, timeline.ranCount, timeline.nextAtMs]).toEqual([50, 3, undefined]);
});
