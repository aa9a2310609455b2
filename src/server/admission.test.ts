import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { Admission, type AdmissionConfig } from "./admission.ts";
import { type Registered, Registry, type Stage } from "./registry.ts";

interface Guest extends Registered<Guest> {
  readonly name: string;
}

const NO_LIMITS: AdmissionConfig = {
  maxConnections: false,
  maxPerAddress: false,
  acceptPerSecondMax: false,
  handshakesMax: 1_000,
};

function doorOf(limits: Partial<AdmissionConfig>, silentGreet = false) {
  const guests: Guest[] = [];
  const roster = { get: (id: string) => guests.find((one) => one.id === id), all: () => guests };
  const registry = new Registry<Guest>(roster);
  const admission = new Admission({ ...NO_LIMITS, ...limits }, registry, silentGreet, at(0));
  let count = 0;
  const enter = (ip = "192.0.2.1"): Guest => {
    const id = `${count++}`;
    const stage: Stage = "refused";
    const guest: Guest = { id, name: id, stage, before: undefined, after: undefined };
    guests.push(guest);
    registry.add(guest);
    admission.onEntered(ip);
    return guest;
  };
  const open = (ip?: string): Guest => {
    const guest = enter(ip);
    registry.onOpened(guest);
    return guest;
  };
  return { registry, admission, enter, open };
}

function at(ms: number): Instant {
  return ms as Instant;
}

test("without limits everybody may come in", () => {
  const { admission, enter } = doorOf({});
  for (let one = 0; one < 500; one++) enter();
  expect(admission.refusal("192.0.2.1", at(0))).toBeUndefined();
  expect(admission.tooSilent()).toBeUndefined();
});

test("a full house refuses, and a place that is left is given again", () => {
  const { registry, admission, open } = doorOf({ maxConnections: 2 });
  const first = open();
  open();
  expect(admission.refusal("192.0.2.9", at(0))).toBe("CONNECTIONS_MAX");
  registry.remove(first);
  expect(admission.refusal("192.0.2.9", at(0))).toBeUndefined();
});

test("the silent hold at most half of the places, and the longest silent makes room", () => {
  const { registry, admission, enter, open } = doorOf({ maxConnections: 4 });
  const first = enter();
  expect(admission.tooSilent()).toBeUndefined();
  const second = enter();
  expect(admission.tooSilent()).toBe(first);
  registry.onGreeting(first);
  expect(admission.tooSilent()).toBeUndefined();
  enter();
  expect(admission.tooSilent()).toBe(second);
  open();
  expect(registry.size).toBe(4);
  // The house is full, but the one that goes makes room for the one that comes.
  expect(admission.refusal("192.0.2.9", at(0))).toBeUndefined();
});

test("one address may hold so many, and a /64 is one address", () => {
  const { admission, open } = doorOf({ maxPerAddress: 2 });
  open("2001:db8::1");
  open("2001:db8::2");
  expect(admission.refusal("2001:db8::3", at(0))).toBe("ADDRESS_MAX");
  expect(admission.refusal("2001:db8:0:1::3", at(0))).toBeUndefined();
  admission.onLeft("2001:db8::1");
  expect(admission.refusal("2001:db8::3", at(0))).toBeUndefined();
  // A Unix socket has no address to count.
  for (let one = 0; one < 5; one++) open("");
  expect(admission.refusal("", at(0))).toBeUndefined();
});

test("so many a second are let in, and a quiet time saves up for one second only", () => {
  const { admission } = doorOf({ acceptPerSecondMax: 10 });
  const letIn = (now: number, count: number): number => {
    let admitted = 0;
    for (let one = 0; one < count; one++) {
      if (admission.refusal("192.0.2.1", at(now)) === undefined) admitted += 1;
    }
    return admitted;
  };
  expect(letIn(0, 30)).toBe(10);
  expect(letIn(500, 30)).toBe(5);
  expect(letIn(60_000, 30)).toBe(10);
});

test("handshakes are counted, and the silent with them where no lines are accepted", () => {
  const both = doorOf({ handshakesMax: 2 });
  for (let one = 0; one < 5; one++) both.enter();
  expect(both.admission.refusal("192.0.2.1", at(0))).toBeUndefined();
  for (const guest of both.registry) both.registry.onGreeting(guest);
  expect(both.admission.handshakesExceed(0)).toBe(true);
  expect(both.admission.refusal("192.0.2.1", at(0))).toBeUndefined();
  const framesOnly = doorOf({ handshakesMax: 2 }, true);
  framesOnly.enter();
  expect(framesOnly.admission.refusal("192.0.2.1", at(0))).toBeUndefined();
  framesOnly.enter();
  expect(framesOnly.admission.refusal("192.0.2.1", at(0))).toBe("HANDSHAKES_MAX");
});
