import { describe, expect, test } from "vitest";
import type { Target } from "../targets.ts";
import { SAMPLE_RESULT } from "./sample-result.ts";
import { targetSection } from "./target-table.ts";
import { costOf, outcomeOf, targetVerdicts, type TargetVerdict } from "./target-verdicts.ts";

const VERDICTS = targetVerdicts(SAMPLE_RESULT);

function verdictOf(title: string, verdicts: readonly TargetVerdict[] = VERDICTS): TargetVerdict {
  return verdicts.find(({ target }) => target.title === title) ?? expect.fail(title);
}

const ENGINE = "default engine, Node 20";

describe("outcomeOf", () => {
  const more: Pick<Target, "must" | "stretch" | "better"> = {
    must: 0.7,
    stretch: 0.76,
    better: "higher",
  };
  const less = { must: 0.08, stretch: 0.03, better: "lower" } as const;
  const of = (bounds: object, value: number) => outcomeOf({ ...bounds } as Target, value);

  test("the bounds themselves are enough", () => {
    expect([0.69, 0.7, 0.75, 0.76, 1].map((value) => of(more, value))).toEqual([
      "missed",
      "met",
      "met",
      "stretch",
      "stretch",
    ]);
    expect([0.081, 0.08, 0.03, -0.01].map((value) => of(less, value))).toEqual([
      "missed",
      "met",
      "stretch",
      "stretch",
    ]);
  });

  test("without a stretch there is nothing beyond met", () => {
    expect(of({ must: 1, better: "higher" }, 9)).toBe("met");
  });
});

describe("targetVerdicts", () => {
  test("takes each kind of figure out of a run", () => {
    expect(verdictOf(`heartbeats per second to C, ${ENGINE}`).found?.median).toBeCloseTo(0.76, 2);
    expect(verdictOf(`memory per idle connection, ${ENGINE}`).found?.median).toBeCloseTo(2.94, 1);
    expect(verdictOf(`what all features cost, ${ENGINE}`).found?.median).toBeCloseTo(0.2, 9);
    expect(verdictOf("end records alone, whole lives").found?.median).toBeCloseTo(0.0654, 3);
    expect(verdictOf(`timers late in a burst, ${ENGINE}`).found?.median).toBeCloseTo(31, 0);
    expect(verdictOf("watching 1,000,000 slots, share of a core").found?.median).toBe(0.0015);
    expect(verdictOf(`allocated per beat in our files, ${ENGINE}`).found?.median).toBe(40.25);
  });

  test("says what is met, missed and not measured", () => {
    expect(verdictOf(`heartbeats per second to Go, ${ENGINE}`).outcome).toBe("met");
    expect(verdictOf(`what all features cost, ${ENGINE}`).outcome).toBe("missed");
    expect(verdictOf("what all features cost, native engine, Bun").outcome).toBe("not measured");
    expect(verdictOf("watching 1,000,000 slots, share of a core").outcome).toBe("met");
  });

  test("carries the mark of whoever was not saturated", () => {
    expect(verdictOf(`heartbeats per second to nats-server, ${ENGINE}`).isFlagged).toBe(true);
    expect(verdictOf(`heartbeats per second to Go, ${ENGINE}`).isFlagged).toBe(false);
  });

  test("of a run of before nothing new is claimed", () => {
    const { engineCosts: _1, watching: _2, allocations: _3, ...before } = SAMPLE_RESULT;
    const verdicts = targetVerdicts(before);
    for (const title of [
      `what all features cost, ${ENGINE}`,
      "watching 1,000,000 slots, share of a core",
      `allocated per beat in our files, ${ENGINE}`,
    ]) {
      expect(verdictOf(title, verdicts).outcome, title).toBe("not measured");
    }
  });
});

describe("costOf", () => {
  test("is the share that is lost of what there would be", () => {
    const duel = { id: "bare", title: "", ratios: { beats: [2, Number.NaN, 1] } };
    expect(costOf(duel, "beats")).toMatchObject({ count: 2, min: 0, max: 0.5 });
    expect(costOf(duel, "churn")).toBeUndefined();
    expect(costOf(undefined, "beats")).toBeUndefined();
  });
});

describe("targetSection", () => {
  test("has a row for each target, and lists the missed by name, and nobody else", () => {
    const { blocks } = targetSection(SAMPLE_RESULT);
    const table = blocks.find((block) => block.kind === "table") ?? expect.fail();
    expect(table.rows).toHaveLength(VERDICTS.length);
    const list = blocks.find((block) => block.kind === "list") ?? expect.fail();
    const missed = VERDICTS.filter(({ outcome }) => outcome === "missed");
    expect(list.items).toEqual(missed.map(({ target }) => target.title));
    const marked = table.rows.filter((row) => row.at(-1)?.main === "MISSED");
    expect(marked).toHaveLength(missed.length);
  });

  test("says so when nothing is missed", () => {
    const none = targetSection({
      ...SAMPLE_RESULT,
      contenders: [],
      features: [],
      engineCosts: [],
      allocations: [],
    });
    expect(JSON.stringify(none.blocks)).toContain("No target that was measured is missed.");
  });

  test("writes shares in percent, with their ends", () => {
    const text = JSON.stringify(targetSection(SAMPLE_RESULT).blocks);
    expect(text).toContain('"20.0%","small":"16.7% to 23.1%"');
    expect(text).toContain('"0.15%","small":"0.14% to 0.17%"');
    expect(text).toContain('"≤ 3.40 KB"');
  });
});
