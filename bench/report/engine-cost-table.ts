/** What all our features cost on each engine: Holdfast beside the engine bare. */
import type { EngineCost, RunResult } from "../results.ts";
import { type Summary, summarise } from "../stats/summary.ts";
import { type Cell, NO_VALUE, type Section, type Table, textBlock } from "./document.ts";
import { change, sharePercent } from "./numbers.ts";
import { costOf } from "./target-verdicts.ts";

export function engineCostSection({ engineCosts, amounts }: RunResult): Section {
  const title = "What all features cost";
  if (engineCosts === undefined || engineCosts.length === 0) {
    return { title, blocks: [textBlock("No engine was measured bare in this run.")] };
  }
  return {
    title,
    blocks: [
      textBlock(
        "How many heartbeats fewer Holdfast answers than its own engine with nothing above it, " +
          "measured side by side, line dialect, everything on. Medians of " +
          `${amounts.bareStarts ?? 0} starts, with the least and the most. The twin is Holdfast ` +
          "once more: what it differs by is chance.",
      ),
      engineCostTable(engineCosts),
    ],
  };
}

function engineCostTable(costs: readonly EngineCost[]): Table {
  const titles = ["heartbeats that all features cost", "twin"];
  return {
    kind: "table",
    columns: [
      { title: "engine", group: "" },
      ...titles.map((title) => ({ title, group: "costs" })),
    ],
    rows: costs.map(({ title, duels }) => {
      const named = (id: string) => duels.find((duel) => duel.id === id);
      const twin = summarise((named("twin")?.ratios.beats ?? []).filter(Number.isFinite));
      return [
        { main: title },
        cellOf(costOf(named("bare"), "beats"), (value) => `${sharePercent(value)}%`),
        cellOf(twin, change),
      ];
    }),
  };
}

function cellOf(summary: Summary | undefined, write: (value: number) => string): Cell {
  if (summary === undefined) return NO_VALUE;
  const { count, median, min, max } = summary;
  return { main: write(median), small: count < 2 ? "" : `${write(min)} to ${write(max)}` };
}
