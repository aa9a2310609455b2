/** From the ratios of a duel to sentences: which figures changed, by how much, and how sure. */
import { DUEL_FIGURE_IDS, DUEL_FIGURES } from "../figures.ts";
import type { DuelResult } from "../results.ts";
import { judge, type Verdict } from "../stats/verdict.ts";

export interface Compared extends Verdict {
  readonly title: string;
  readonly outcome: "better" | "worse" | "same";
  /** What the base differs from itself, in ratio. */
  readonly twinChange: number;
}

type Ratios = DuelResult["ratios"];

export function comparisonOf(head: Ratios, twin: Ratios): Compared[] {
  return DUEL_FIGURE_IDS.flatMap((figure) => {
    const ratios = head[figure];
    if (ratios === undefined || ratios.length === 0) return [];
    const { title, better } = DUEL_FIGURES[figure];
    const verdict = judge(ratios, twin[figure] ?? []);
    const twinChange = judge(twin[figure] ?? [], []).change;
    const isBetter = verdict.change > 0 === (better === "higher");
    const outcome = verdict.isChanged ? (isBetter ? "better" : "worse") : "same";
    return [{ ...verdict, title, outcome, twinChange }];
  });
}

export function comparisonText(compared: readonly Compared[]): string {
  const head = ["figure", "change", "99 % interval", "base to itself", ""];
  const rows = compared.map(({ title, change, low, high, twinChange, outcome }) => [
    title,
    percent(change),
    `${percent(low)} to ${percent(high)}`,
    percent(twinChange),
    outcome === "same" ? "no change beyond the noise" : outcome.toUpperCase(),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)),
  );
  return [head, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

function percent(share: number): string {
  if (!Number.isFinite(share)) return "?";
  const rounded = Math.round(share * 1000) / 10;
  return `${rounded > 0 ? "+" : ""}${rounded.toFixed(1)} %`;
}
