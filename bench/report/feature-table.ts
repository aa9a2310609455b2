/**
 * What it changes to switch a feature off, and whether that is more than chance.
 *
 * The measure of chance is the twin: the same server once more, measured in the same way. A change
 * no larger than the twin's largest is called noise, whichever way it points.
 */
import { DUEL_FIGURE_IDS, DUEL_FIGURES, type DuelFigureId } from "../figures.ts";
import type { DuelResult } from "../results.ts";
import { summarise } from "../stats/summary.ts";
import { type Cell, NO_VALUE, type Table } from "./document.ts";
import { change } from "./numbers.ts";

/** The server that all ratios are to; its own are 1 and have no row. */
const REFERENCE = "all";

const TWIN = "twin";

export function hasTwin(features: readonly DuelResult[]): boolean {
  return features.some(({ id }) => id === TWIN);
}

export function featureTable(features: readonly DuelResult[]): Table {
  const twin = features.find(({ id }) => id === TWIN);
  const rows = features.filter(({ id }) => id !== REFERENCE);
  const figures = DUEL_FIGURE_IDS.filter((id) => rows.some((row) => ratiosOf(row, id).length > 0));
  const columns = figures.map((id) => {
    const { title, better } = DUEL_FIGURES[id];
    return { title: `${title}\u00A0${better === "higher" ? "↑" : "↓"}`, group: "duels" };
  });
  return {
    kind: "table",
    columns: [{ title: "server", group: "" }, ...columns],
    rows: rows.map((row) => [
      { main: row.title },
      ...figures.map((id) => featureCell(row, twin, id)),
    ]),
  };
}

function featureCell(feature: DuelResult, twin: DuelResult | undefined, id: DuelFigureId): Cell {
  const summary = summarise(ratiosOf(feature, id));
  if (summary === undefined) return NO_VALUE;
  const remarks: string[] = [];
  if (summary.count > 1) remarks.push(`${change(summary.min)} to ${change(summary.max)}`);
  const noise = twin === undefined || twin === feature ? undefined : noiseOf(twin, id);
  if (noise !== undefined && Math.abs(summary.median - 1) <= noise) {
    remarks.push("within the noise");
  }
  return { main: change(summary.median), small: remarks.join(", ") };
}

/** The largest change between two servers that are the same; undefined if none was measured. */
function noiseOf(twin: DuelResult, id: DuelFigureId): number | undefined {
  const ratios = ratiosOf(twin, id);
  if (ratios.length === 0) return undefined;
  return Math.max(...ratios.map((value) => Math.abs(value - 1)));
}

/** A start that measured nothing has no number. */
function ratiosOf({ ratios }: DuelResult, id: DuelFigureId): number[] {
  return (ratios[id] ?? []).filter(Number.isFinite);
}
