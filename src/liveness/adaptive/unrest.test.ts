import { expect, test } from "vitest";
import type { Instant } from "../../base/time.ts";
import { Unrest } from "./unrest.ts";

const at = (ms: number): Instant => ms as Instant;

function calm(answers = 10): Unrest {
  const unrest = new Unrest();
  for (let n = 0; n < answers; n++) unrest.answered(50);
  return unrest;
}

test("each late answer halves the interval, at most to an eighth; two good ones restore it", () => {
  const unrest = calm();
  unrest.answered(4_000);
  expect(unrest.share).toBe(0.5);
  for (const rttMs of [20_000, 80_000, 320_000]) unrest.answered(rttMs);
  expect(unrest.share).toBe(1 / 8);
  const once = calm();
  once.answered(1_500);
  expect(once.share).toBe(0.5);
  once.answered(50);
  once.answered(50);
  for (let n = 0; n < 30; n++) once.answered(50); // The swing of that one answer fades, too.
  expect(once.share).toBe(1);
});

test("below a second no answer is late, whatever was usual", () => {
  const unrest = calm(2); // Too few samples to swing.
  unrest.answered(990);
  expect(unrest.share).toBe(1);
  unrest.answered(9_000);
  expect(unrest.share).toBe(0.5);
});

test("round trips that swing as much as they last halve the interval", () => {
  const unrest = new Unrest();
  for (let n = 0; n < 40; n++) unrest.answered(n % 2 === 0 ? 50 : 950);
  expect(unrest.share).toBe(0.5);
  const quick = new Unrest();
  for (let n = 0; n < 40; n++) quick.answered(n % 2 === 0 ? 1 : 30);
  expect(quick.share).toBe(1);
});

test("three drops in ten minutes ask for the shortest interval until two answers came", () => {
  const unrest = calm();
  unrest.dropped(at(0));
  unrest.dropped(at(300_000));
  expect(unrest.share).toBe(1);
  unrest.dropped(at(599_000));
  expect(unrest.share).toBe(0);
  unrest.answered(50);
  expect(unrest.share).toBe(0);
  unrest.answered(50);
  expect(unrest.share).toBe(1);
});

test("drops further apart are three accidents", () => {
  const unrest = calm();
  for (const ms of [0, 301_000, 602_000, 903_000]) unrest.dropped(at(ms));
  expect(unrest.share).toBe(1);
});
