import { describe, expect, test } from "vitest";
import { FIGURE_IDS } from "../figures.ts";
import { summarise } from "../stats/summary.ts";
import {
  change,
  corePercent,
  figureUnit,
  figureValue,
  kilobytes,
  megabytes,
  microseconds,
  rate,
  ratio,
  spread,
  spreadOf,
  thousands,
} from "./numbers.ts";

type Writer = (value: number) => string;

const EXAMPLES: readonly (readonly [Writer, readonly (readonly [number, string])[]])[] = [
  [
    thousands,
    [
      [0, "0"],
      [999.4, "999"],
      [1000, "1,000"],
      [1_234_567, "1,234,567"],
      [-12_345, "−12,345"],
      [-0.2, "0"],
    ],
  ],
  [
    rate,
    [
      [131_234, "131,200"],
      [9_210.4, "9,210"],
      [999.96, "1,000"],
      [999.94, "999.9"],
      [84.26, "84.26"],
      [0, "0"],
    ],
  ],
  [
    kilobytes,
    [
      [2_938, "2.87"],
      [10, "0.01"],
      [-3, "0.00"],
      [-300, "−0.29"],
      [1_234_567_000, "1,205,631.84"],
    ],
  ],
  [megabytes, [[12 * 1024 * 1024, "12.00"]]],
  [
    microseconds,
    [
      [5.678, "5.68"],
      [16.54, "16.5"],
      [99.96, "100"],
      [1_947.4, "1,947"],
      [0, "0.00"],
    ],
  ],
  [
    corePercent,
    [
      [0.0028, "0.28"],
      [0.974, "97.4"],
      [1, "100"],
    ],
  ],
  [
    ratio,
    [
      [0.764, "0.76"],
      [1, "1.00"],
      [12.345, "12.35"],
      [99.999, "100"],
      [1_234.5, "1,235"],
    ],
  ],
  [
    change,
    [
      [1.031, "+3.1%"],
      [0.996, "−0.4%"],
      [1, "0.0%"],
      [1.0004, "0.0%"],
      [0.9996, "0.0%"],
    ],
  ],
  [
    spread,
    [
      [0.031, "±3%"],
      [0.004, "±0.4%"],
      [0, "±0%"],
      [0.0001, "±0%"],
      [0.0097, "±1%"],
    ],
  ],
];

describe("numbers", () => {
  for (const [write, examples] of EXAMPLES) {
    test(`${write.name}: ${examples.map(([, text]) => text).join(" ")}`, () => {
      expect(examples.map(([value]) => write(value))).toEqual(examples.map(([, text]) => text));
    });
  }

  test("a single value has no spread", () => {
    expect(spreadOf(summarise([5]) ?? expect.fail(), kilobytes)).toBe("");
  });

  test("a spread wider than the median is shown by its ends", () => {
    const near = summarise([-1024, 100, 2048]) ?? expect.fail();
    expect(spreadOf(near, kilobytes)).toBe("−1.00 to 2.00");
    const zero = summarise([-1024, 0, 1024]) ?? expect.fail();
    expect(spreadOf(zero, kilobytes)).toBe("−1.00 to 1.00");
    expect(spreadOf(summarise([0, 0]) ?? expect.fail(), kilobytes)).toBe("±0%");
  });

  test("each figure is written in the unit that its column names", () => {
    const written = FIGURE_IDS.map((id) => [id, figureValue(id, 2_097_152), figureUnit(id)]);
    expect(written).toContainEqual(["memoryPerConnection", "2,048.00", "KB"]);
    expect(written).toContainEqual(["memoryAfter", "2.00", "MB"]);
    expect(written).toContainEqual(["beatsPerSecond", "2,097,000", ""]);
    expect(written).toContainEqual(["cpuPerBeat", "2,097,152", "µs"]);
    expect(written).toContainEqual(["idleCpuShare", "209,715,200", "% of a core"]);
  });
});
