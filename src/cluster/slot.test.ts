import { expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { Slot } from "./slot.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Lives for so long, dies, and says how long its successor has to wait. */
function die(slot: Slot, clock: ManualClock, livedMs: number): number {
  slot.onStart();
  const process = { upAt: clock.now() } as WorkerProcess;
  slot.onUp(process);
  clock.advance(livedMs);
  return slot.afterDeathMs(process);
}

test("after a death there is a new one at once; in a loop of crashes it waits ever longer", () => {
  const clock = new ManualClock();
  const slot = new Slot(clock, { next: () => 0.999 });
  expect(die(slot, clock, 60_000)).toBe(0);
  const waits = Array.from({ length: 9 }, () => die(slot, clock, 10));
  expect(waits[0]).toBe(0);
  expect(waits[1]).toBeGreaterThan(1_000);
  for (const [at, wait] of waits.entries()) {
    if (at > 1) expect(wait).toBeGreaterThanOrEqual(waits[at - 1] ?? 0);
  }
  expect(waits.at(-1)).toBeGreaterThan(29_000);
  expect(waits.at(-1)).toBeLessThanOrEqual(30_000);
});

test("one that proves stable ends the loop", () => {
  const clock = new ManualClock();
  const slot = new Slot(clock, { next: () => 0.5 });
  for (let times = 0; times < 5; times++) die(slot, clock, 10);
  expect(die(slot, clock, 60_000)).toBe(0);
});

test("one that does not come up makes the next wait, too", () => {
  const slot = new Slot(new ManualClock(), { next: () => 0.5 });
  slot.onStart();
  expect(slot.afterFailureMs()).toBeGreaterThanOrEqual(100);
});

test("a wait that is called off starts nothing", () => {
  const clock = new ManualClock();
  const slot = new Slot(clock, { next: () => 0.5 });
  let starts = 0;
  slot.wait(100, () => {
    starts += 1;
  });
  slot.close();
  clock.advance(1_000);
  expect(starts).toBe(0);
});
