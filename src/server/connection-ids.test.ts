import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import type { Secrets } from "../base/random.ts";
import { ConnectionIds } from "./connection-ids.ts";

/** Few different first bytes, so that many want the same place. */
function crowdedSecrets(seed: number): Secrets {
  const random = seededRandom(seed);
  return {
    bytes: (count) => {
      const bytes = Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256));
      return bytes.fill(0, 1, 3).fill((bytes[0] as number) % 4, 0, 1);
    },
  };
}

test("an id leads to whoever has it, through arrivals, ends and collisions", () => {
  const step = fc.record({ leaves: fc.boolean(), pick: fc.nat(3_000) });
  fc.assert(
    fc.property(fc.nat(), fc.array(step, { maxLength: 400, size: "max" }), (seed, steps) => {
      const ids = new ConnectionIds(crowdedSecrets(seed));
      const here = new Map<number, string>();
      const gone: string[] = [];
      for (const { leaves, pick } of steps) {
        const slot = pick % 300;
        const id = here.get(slot);
        if (id === undefined) {
          ids.enter(slot, undefined);
          here.set(slot, ids.text(slot));
        } else if (leaves) {
          ids.leave(slot);
          here.delete(slot);
          gone.push(id);
        }
      }
      expect(ids.size).toBe(here.size);
      for (const [slot, id] of here) expect([ids.find(id), ids.text(slot)]).toEqual([slot, id]);
      const [isHere] = [new Set(here.values())];
      for (const id of gone) if (!isHere.has(id)) expect(ids.find(id)).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

test("the way back grows and shrinks with the crowd, and loses nobody", () => {
  const random = seededRandom(7);
  const secrets = {
    bytes: (count: number) =>
      Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256)),
  };
  const ids = new ConnectionIds(secrets);
  for (let slot = 0; slot < 5_000; slot++) ids.enter(slot, undefined);
  for (let slot = 0; slot < 5_000; slot++) expect(ids.find(ids.text(slot))).toBe(slot);
  for (let slot = 0; slot < 4_900; slot++) ids.leave(slot);
  for (let slot = 4_900; slot < 5_000; slot++) expect(ids.find(ids.text(slot))).toBe(slot);
  expect(ids.size).toBe(100);
});

test("an id that was chosen elsewhere is kept as it is; what is no id leads nowhere", () => {
  const ids = new ConnectionIds(crowdedSecrets(1));
  const chosen = "0123456789abcdef".repeat(2);
  ids.enter(3, chosen);
  expect([ids.text(3), ids.find(chosen)]).toEqual([chosen, 3]);
  for (const none of ["", "x", chosen.toUpperCase(), `${chosen}0`, "f".repeat(32)]) {
    expect(ids.find(none)).toBeUndefined();
  }
  expect(() => ids.enter(4, "no id")).toThrow("an id is 32 digits");
});
