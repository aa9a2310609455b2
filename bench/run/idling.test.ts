import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Contender } from "../contenders/contender.ts";
import type { ContenderResult } from "../results.ts";
import { batchesOf, withIdling } from "./idling.ts";

function contender(id: string, ...variants: Contender["variants"]): Contender {
  return { id, variants } as unknown as Contender;
}

describe("batchesOf", () => {
  test("property: everybody idles once, those that beat in each batch, none is too large", () => {
    const counts = fc.record({ others: fc.nat(40), beating: fc.nat(3) });
    fc.assert(
      fc.property(counts, fc.integer({ min: 4, max: 20 }), ({ others, beating }, together) => {
        const plain = Array.from({ length: others }, (_, at) => contender(`o${at}`, "answering"));
        const beats = Array.from({ length: beating }, (_, at) => contender(`b${at}`, "beating"));
        const batches = batchesOf([...plain, ...beats], together);
        const ids = batches.flat().map(({ id }) => id);
        expect(ids.filter((id) => id.startsWith("o")).toSorted()).toEqual(
          plain.map(({ id }) => id).toSorted(),
        );
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(together);
          expect(batch.filter(({ id }) => id.startsWith("b"))).toHaveLength(beating);
        }
      }),
    );
  });

  test("batches are as even as they can be", () => {
    const all = Array.from({ length: 11 }, (_, at) => contender(String(at), "answering"));
    expect(batchesOf(all, 10).map(({ length }) => length)).toEqual([6, 5]);
  });
});

describe("withIdling", () => {
  const result = (id: string): ContenderResult => ({
    id,
    title: id,
    group: "peer",
    version: "1",
    samples: { beatsPerSecond: [{ round: 0, value: 5 }] },
    faults: ["round 1: late"],
  });

  test("adds samples and faults to those of the rounds", () => {
    const samples = [{ round: 0, value: 0.001 }];
    const idled = [{ id: "a", samples, faults: ["idling: gone"] }];
    const [a, b] = withIdling([result("a"), result("b")], idled);
    expect(a?.samples).toEqual({ ...result("a").samples, idleCpuShare: samples });
    expect(a?.faults).toEqual(["round 1: late", "idling: gone"]);
    expect(b).toEqual(result("b"));
  });

  test("who could not idle has no figure, and a fault", () => {
    const [a] = withIdling([result("a")], [{ id: "a", samples: [], faults: ["idling: refused"] }]);
    expect(a?.samples.idleCpuShare).toBeUndefined();
    expect(a?.faults).toContain("idling: refused");
  });
});
