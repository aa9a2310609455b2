/** The targets beside what was found, and the misses by name. */
import type { RunResult } from "../results.ts";
import type { Summary } from "../stats/summary.ts";
import type { TargetUnit } from "../targets.ts";
import {
  type Block,
  type Cell,
  NO_VALUE,
  type Section,
  type Table,
  textBlock,
} from "./document.ts";
import { milliseconds, ratio, sharePercent } from "./numbers.ts";
import { type Outcome, targetVerdicts, type TargetVerdict } from "./target-verdicts.ts";

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  stretch: "met, stretch too",
  met: "met",
  missed: "MISSED",
  "not measured": "not measured",
};

export function targetSection(result: RunResult): Section {
  const verdicts = targetVerdicts(result);
  return {
    title: "Targets",
    blocks: [
      textBlock(
        "What Holdfast is to reach, beside what this run found: medians, with the least and the " +
          "most. ≥: at least, ≤: at most. Ratios are taken round by round, costs of features by " +
          "duels. A cost is a share of what there would be without it.",
      ),
      targetTable(verdicts),
      ...missedBlocks(verdicts),
    ],
  };
}

function targetTable(verdicts: readonly TargetVerdict[]): Table {
  const titles = ["must", "stretch", "found", "verdict"];
  return {
    kind: "table",
    columns: [
      { title: "target", group: "" },
      ...titles.map((title) => ({ title, group: "targets" })),
    ],
    rows: verdicts.map(rowOf),
  };
}

function rowOf({ target, found, outcome, isFlagged }: TargetVerdict): Cell[] {
  const { title, unit, better, must, stretch } = target;
  const sign = better === "higher" ? "≥" : "≤";
  const bound = (value: number): Cell => ({ main: `${sign} ${valueText(unit, value)}` });
  return [
    { main: title },
    bound(must),
    stretch === undefined ? NO_VALUE : bound(stretch),
    found === undefined
      ? NO_VALUE
      : { main: valueText(unit, found.median), small: endsText(unit, found), isFlagged },
    { main: OUTCOMES[outcome] },
  ];
}

function endsText(unit: TargetUnit, { count, min, max }: Summary): string {
  return count < 2 ? "" : `${valueText(unit, min)} to ${valueText(unit, max)}`;
}

function missedBlocks(verdicts: readonly TargetVerdict[]): Block[] {
  const missed = verdicts.filter(({ outcome }) => outcome === "missed");
  if (missed.length === 0) return [textBlock("No target that was measured is missed.")];
  return [textBlock("Missed:"), { kind: "list", items: missed.map(({ target }) => target.title) }];
}

function valueText(unit: TargetUnit, value: number): string {
  switch (unit) {
    case "ratio":
      return ratio(value);
    case "share":
      return `${sharePercent(value)}%`;
    case "kilobytes":
      return `${ratio(value)} KB`;
    case "bytes":
      return `${ratio(value)} B`;
    case "ms":
      return `${milliseconds(value)} ms`;
    default:
      return unit satisfies never;
  }
}
