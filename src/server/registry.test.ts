import fc from "fast-check";
import { expect, test } from "vitest";
import { type Registered, Registry, type Stage } from "./registry.ts";

class Guest implements Registered<Guest> {
  readonly id: string;
  stage: Stage = "refused";
  hasSpoken = false;
  before: Guest | undefined;
  after: Guest | undefined;

  constructor(id: string) {
    this.id = id;
  }
}

function registryOf(count: number): { registry: Registry<Guest>; guests: Guest[] } {
  const registry = new Registry<Guest>();
  const guests = Array.from({ length: count }, (_, at) => new Guest(`${at}`));
  for (const guest of guests) registry.add(guest);
  return { registry, guests };
}

test("the longest silent is the first that came and has not spoken", () => {
  const { registry, guests } = registryOf(4);
  (guests[0] as Guest).hasSpoken = true;
  expect(registry.longestSilent()).toBe(guests[1]);
  expect(registry.silentCount).toBe(3);
  expect(registry.greetingCount).toBe(1);
  registry.remove(guests[1] as Guest);
  expect(registry.longestSilent()).toBe(guests[2]);
});

test("a look finds those who spoke in the middle of the list", () => {
  const { registry, guests } = registryOf(4);
  (guests[2] as Guest).hasSpoken = true;
  expect(registry.silentCount).toBe(4);
  registry.look();
  expect(registry.silentCount).toBe(3);
});

test("while many are silent, a look costs each arrival a constant", () => {
  const { registry, guests } = registryOf(1_000);
  registry.look();
  (guests[500] as Guest).hasSpoken = true;
  for (let more = 0; more < 62; more++) {
    registry.add(new Guest(`more ${more}`));
    if (more < 61) registry.look();
  }
  expect(registry.silentCount).toBe(1_062);
  registry.look();
  expect(registry.silentCount).toBe(1_061);
});

test("after the end a connection counts nowhere, and comes back nowhere", () => {
  const { registry, guests } = registryOf(1);
  const guest = guests[0] as Guest;
  registry.remove(guest);
  registry.remove(guest);
  registry.onOpened(guest);
  guest.hasSpoken = true;
  registry.onSigns(guest);
  expect([registry.size, registry.silentCount, registry.greetingCount]).toEqual([0, 0, 0]);
  expect(guest.stage).toBe("ended");
  expect(registry.longestSilent()).toBeUndefined();
});

test("the counts are those of the stages, whatever happens in which order", () => {
  const step = fc.tuple(fc.constantFrom("add", "speak", "open", "remove", "look"), fc.nat(20));
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
        if (what === "speak") guest.hasSpoken = true;
        if (what === "open") registry.onOpened(guest);
        if (what === "remove") registry.remove(guest);
        if (what === "look") registry.look();
        const at = (stage: Stage): number => guests.filter((one) => one.stage === stage).length;
        expect(registry.silentCount).toBe(at("silent"));
        expect(registry.greetingCount).toBe(at("greeting"));
        expect([...registry]).toEqual(guests.filter((one) => one.stage !== "ended"));
        const silent = guests.find((one) => one.stage === "silent" && !one.hasSpoken);
        expect(registry.longestSilent()).toBe(silent);
      }
    }),
  );
});
