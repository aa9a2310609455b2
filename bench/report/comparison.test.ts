import { describe, expect, test } from "vitest";
import type { FigureId } from "../figures.ts";
import type { ContenderResult } from "../results.ts";
import { advantage, compare, cReference, defaultEngine, ratioText } from "./comparison.ts";

function contender(id: string, figure: FigureId, values: readonly number[]): ContenderResult {
  const samples = { [figure]: values.map((value, round) => ({ round, value })) };
  const group = id.startsWith("holdfast") ? "holdfast" : "reference";
  return { id, title: id, group, version: "1", samples, faults: [] };
}

function textOf(
  say: typeof compare,
  figure: FigureId,
  one: readonly number[],
  other: readonly number[],
): string | undefined {
  const found = say(figure, contender("a", figure, one), contender("b", figure, other));
  if (found === undefined) return undefined;
  const { main, small } = ratioText(found);
  return `${main} ${small}`.trim();
}

describe("compare", () => {
  test("divides round by round, and takes the median of that", () => {
    expect(textOf(compare, "beatsPerSecond", [10, 40, 90], [10, 20, 30])).toBe("2.00 ±50%");
  });

  test("says nothing where one was not measured", () => {
    expect(textOf(compare, "beatsPerSecond", [1], [])).toBeUndefined();
  });

  test("bounds a ratio to next to nothing, and makes none of two of them", () => {
    const [much, little] = [
      [640, 640],
      [10, -5],
    ];
    expect(textOf(compare, "memoryPerConnection", much, little)).toBe("> 10.00");
    expect(textOf(compare, "memoryPerConnection", little, much)).toBe("< 0.10");
    expect(textOf(compare, "memoryPerConnection", little, little)).toBeUndefined();
  });
});

describe("advantage", () => {
  test("more than 1 is better for us, whichever way is better for the figure", () => {
    expect(textOf(advantage, "beatsPerSecond", [20], [10])).toBe("2.00");
    expect(textOf(advantage, "beatsPerSecond", [10], [20])).toBe("0.50");
    expect(textOf(advantage, "cpuPerBeat", [10], [20])).toBe("2.00");
    expect(textOf(advantage, "cpuPerBeat", [20], [10])).toBe("0.50");
  });

  test("a bound turns with its ratio", () => {
    expect(textOf(advantage, "memoryPerConnection", [10], [640])).toBe("> 10.00");
    expect(textOf(advantage, "memoryPerConnection", [640], [10])).toBe("< 0.10");
  });
});

describe("who is compared", () => {
  const node26 = contender("holdfast-shared-node26", "beatsPerSecond", [1]);
  const node20 = contender("holdfast-shared-node20", "beatsPerSecond", [1]);

  test("the default engine on Node 20, else the first of ours that has figures", () => {
    const silent = { ...node20, samples: {} };
    expect(defaultEngine([node26, node20])).toBe(node20);
    expect(defaultEngine([node26])).toBe(node26);
    expect(defaultEngine([silent, node26])).toBe(node26);
    expect(defaultEngine([silent])).toBeUndefined();
  });

  test("only a server in C stands for C", () => {
    const go = contender("go", "beatsPerSecond", [1]);
    const other = contender("c-other", "beatsPerSecond", [1]);
    const epoll = contender("c-epoll", "beatsPerSecond", [1]);
    expect(cReference([go, other, epoll])).toBe(epoll);
    expect(cReference([go, other])).toBe(other);
    expect(cReference([go, contender("caddy", "beatsPerSecond", [1])])).toBeUndefined();
  });
});
