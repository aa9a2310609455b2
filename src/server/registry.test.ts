import fc from "fast-check";
import { expect, test } from "vitest";
import { type Registered, Registry, type Stage } from "./registry.ts";

class Guest implements Registered<Guest> {
  readonly id: string;
  stage: Stage = "refused";
  before: Guest | undefined;
  after: Guest | undefined;

  constructor(id: string) {
    this.id = id;
  }
}

function registryAround(guests: readonly Guest[]): Registry<Guest> {
  return new Registry({ get: (id) => guests.find((guest) => guest.id === id), all: () => guests });
}

function registryOf(count: number): { registry: Registry<Guest>; guests: Guest[] } {
  const guests = Array.from({ length: count }, (_, at) => new Guest(`${at}`));
  const registry = registryAround(guests);
  for (const guest of guests) registry.add(guest);
  return { registry, guests };
}

test("the longest silent is the first that came and has not spoken", () => {
  const { registry, guests } = registryOf(4);
  registry.onGreeting(guests[0] as Guest);
  expect(registry.longestSilent).toBe(guests[1]);
  expect(registry.silentCount).toBe(3);
  expect(registry.greetingCount).toBe(1);
  registry.remove(guests[1] as Guest);
  expect(registry.longestSilent).toBe(guests[2]);
});

test("those who speak in the middle of the list leave it", () => {
  const { registry, guests } = registryOf(4);
  registry.onGreeting(guests[2] as Guest);
  registry.onOpened(guests[1] as Guest);
  expect(registry.silentCount).toBe(2);
  registry.remove(guests[0] as Guest);
  expect(registry.longestSilent).toBe(guests[3]);
});

test("who only sends pings of the transport is not silent, and may still speak", () => {
  const { registry, guests } = registryOf(3);
  const [first, second] = guests as [Guest, Guest];
  registry.onPinged(first);
  expect(registry.longestSilent).toBe(second);
  expect([registry.size, registry.silentCount]).toEqual([3, 2]);
  registry.onGreeting(first);
  registry.onPinged(first);
  expect([first.stage, registry.greetingCount]).toEqual(["greeting", 1]);
  registry.onPinged(second);
  registry.onOpened(second);
  expect([second.stage, registry.silentCount]).toEqual(["open", 1]);
});

test("after the end a connection counts nowhere, and comes back nowhere", () => {
  const { registry, guests } = registryOf(1);
  const guest = guests[0] as Guest;
  registry.remove(guest);
  registry.remove(guest);
  registry.onOpened(guest);
  registry.onGreeting(guest);
  expect([registry.size, registry.silentCount, registry.greetingCount]).toEqual([0, 0, 0]);
  expect(guest.stage).toBe("ended");
  expect(registry.longestSilent).toBeUndefined();
});

test("the counts are those of the stages, whatever happens in which order", () => {
  const step = fc.tuple(fc.constantFrom("add", "speak", "open", "remove"), fc.nat(20));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { registry, guests } = registryOf(3);
      for (const [what, pick] of steps) {
        const guest = guests[pick % guests.length] as Guest;
        if (what === "add") {
          const added = new Guest(`${guests.length}`);
          guests.push(added);
          registry.add(added);
        }
        if (what === "speak") registry.onGreeting(guest);
        if (what === "open") registry.onOpened(guest);
        if (what === "remove") registry.remove(guest);
        const at = (stage: Stage): number => guests.filter((one) => one.stage === stage).length;
        expect(registry.silentCount).toBe(at("silent"));
        expect(registry.greetingCount).toBe(at("greeting"));
        expect([...registry]).toEqual(guests.filter((one) => one.stage !== "ended"));
        const silent = guests.find((one) => one.stage === "silent");
        expect(registry.longestSilent).toBe(silent);
      }
    }),
  );
});
