import { describe, expect, test } from "vitest";
import { FIGURE_IDS, type FigureId } from "../figures.ts";
import type { ContenderResult, Sample } from "../results.ts";
import { isUnsaturated, saturationNotes } from "./saturation.ts";

type Shares = Pick<Sample, "serverShare" | "loadShare">;

function contender(figure: FigureId, shares: readonly Shares[]): ContenderResult {
  const samples = { [figure]: shares.map((one, round) => ({ round, value: 1, ...one })) };
  return { id: "x", title: "X", group: "peer", version: "1", samples, faults: [] };
}

function isFlagged(...shares: readonly Shares[]): boolean {
  return isUnsaturated(contender("beatsPerSecond", shares), "beatsPerSecond");
}

function noteOf(...shares: readonly Shares[]): string | undefined {
  return saturationNotes([contender("beatsPerSecond", shares)], ["beatsPerSecond"])[0];
}

describe("the mark", () => {
  test("stands from below 95 % of a core on", () => {
    expect(isFlagged({ serverShare: 0.95 })).toBe(false);
    expect(isFlagged({ serverShare: 0.9499 })).toBe(true);
  });

  test("one round is enough, and so is a share that nobody measured", () => {
    expect(isFlagged({ serverShare: 0.99 }, { serverShare: 0.94 }, { serverShare: 0.99 })).toBe(
      true,
    );
    expect(isFlagged({ serverShare: 0.99 }, {})).toBe(true);
  });

  test("is for the five figures of a saturated server, and for what was measured", () => {
    const flagged = FIGURE_IDS.filter((id) => isUnsaturated(contender(id, [{}]), id));
    expect(flagged).toEqual([
      "beatsPerSecond",
      "acceptsPerSecond",
      "echo64PerSecond",
      "echo1024PerSecond",
      "broadcastPerSecond",
    ]);
    expect(isFlagged()).toBe(false);
  });
});

describe("the note", () => {
  test("says whose limit it was", () => {
    expect(noteOf({ serverShare: 0.8, loadShare: 0.901 })).toBe(
      "X, heartbeats per second: the server was not saturated, its core was busy for 80.0% " +
        "(1 of 1 rounds); the load generator was the limit, at 90.1% of its own.",
    );
    expect(noteOf({ serverShare: 0.8, loadShare: 0.9 })).toContain(
      "the load generator was not the limit, at 90.0% of its own.",
    );
  });

  test("speaks of the rounds that are below, and of those only", () => {
    const note = noteOf(
      { serverShare: 0.99, loadShare: 0.99 },
      { serverShare: 0.9, loadShare: 0.5 },
      { serverShare: 0.7, loadShare: 0.6 },
    );
    expect(note).toContain("its core was busy for 70.0 to 90.0% (2 of 3 rounds)");
    expect(note).toContain("was not the limit, at 50.0 to 60.0% of its own.");
  });

  test("admits what is not known", () => {
    expect(noteOf({})).toBe(
      "X, heartbeats per second: how busy its core was is not known " +
        "(1 of 1 rounds); what the load generator used of its own was not measured.",
    );
  });

  test("there is none without a mark", () => {
    expect(noteOf({ serverShare: 1, loadShare: 1 })).toBeUndefined();
  });
});
