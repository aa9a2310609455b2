/** From the ratios of a duel to sentences: which figures changed, by how much, and how sure. */
import { DUEL_FIGURE_IDS, DUEL_FIGURES } from "../figures.ts";
import { textTable } from "../report/text-table.ts";
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
  return textTable(compared, [
    { title: "figure", of: ({ title }) => title, left: true },
    { title: "change", of: ({ change }) => percent(change) },
    { title: "99 % interval", of: ({ low, high }) => `${percent(low)} to ${percent(high)}` },
    { title: "base to itself", of: ({ twinChange }) => percent(twinChange) },
    { title: "verdict", of: ({ outcome }) => VERDICTS[outcome], left: true },
  ]);
}

const VERDICTS: Readonly<Record<Compared["outcome"], string>> = {
  better: "BETTER",
  worse: "WORSE",
  same: "no change beyond the noise",
};

function percent(share: number): string {
  if (!Number.isFinite(share)) return "?";
  const rounded = Math.round(share * 1000) / 10;
  return `${rounded > 0 ? "+" : ""}${rounded.toFixed(1)} %`;
}
