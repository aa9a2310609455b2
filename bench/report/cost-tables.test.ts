/** What of a run is not about contenders: costs of engines, watching, allocation. */
import { describe, expect, test } from "vitest";
import type { RunResult } from "../results.ts";
import { allocationSection } from "./allocation-table.ts";
import type { Section } from "./document.ts";
import { engineCostSection } from "./engine-cost-table.ts";
import { SAMPLE_RESULT } from "./sample-result.ts";
import { watchingSection } from "./watching-table.ts";

function rowsOf({ blocks }: Section): string[][] {
  return blocks.flatMap((block) =>
    block.kind === "table"
      ? block.rows.map((row) => row.map(({ main, small = "" }) => `${main} ${small}`.trim()))
      : [],
  );
}

function textOf({ blocks }: Section): string {
  return blocks.map((block) => (block.kind === "text" ? block.text : "")).join("\n");
}

const BEFORE: RunResult = {
  ...SAMPLE_RESULT,
  engineCosts: undefined,
  watching: undefined,
  allocations: undefined,
};

describe("what all features cost", () => {
  test("is told by engine, beside what the twin differs by", () => {
    expect(rowsOf(engineCostSection(SAMPLE_RESULT))).toEqual([
      ["shared engine, Node 20", "20.0% 16.7% to 23.1%", "+0.2% −1.0% to +1.0%"],
    ]);
  });

  test("is not claimed of what nobody measured", () => {
    expect(textOf(engineCostSection(BEFORE))).toContain("No engine was measured bare");
  });
});

describe("what watching costs", () => {
  test("is told with what it is measured against", () => {
    const text = textOf(watchingSection(SAMPLE_RESULT));
    expect(text).toContain("1,000,000 connections behind one timer, 33,333 of them moved");
    expect(text).toContain("take 0.15% (±10%) of a core more");
    expect(text).toContain("which takes 0.21% (±5%)");
    expect(textOf(watchingSection(BEFORE))).toBe("Watching was not measured in this run.");
  });
});

describe("what a beat allocates", () => {
  test("is told by place, ours first, and sums up to all of it", () => {
    const section = allocationSection(SAMPLE_RESULT);
    expect(textOf(section)).toContain("300 bytes per beat, 40.25 of them in our files");
    const rows = rowsOf(section);
    expect(rows.map(([name, , whose]) => `${name}: ${whose}`)).toEqual([
      "onPing: ours",
      "writeOrBuffer: Node",
      "(V8 API): V8",
      "the rest: –",
    ]);
    const sum = rows.reduce((total, row) => total + Number(row[3]), 0);
    expect(sum).toBeCloseTo(300, 9);
  });

  test("is not claimed of what nobody measured", () => {
    expect(textOf(allocationSection(BEFORE))).toContain("was not measured");
  });
});
