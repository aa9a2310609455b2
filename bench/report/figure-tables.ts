/**
 * The tables of figures: medians, ratios to C, and our advantage over each of the others.
 *
 * A mark that a figure carries goes with it into every ratio that is made of it.
 */
import { FIGURE_IDS, type FigureId, factsOf } from "../figures.ts";
import type { ContenderResult } from "../results.ts";
import { summarise } from "../stats/summary.ts";
import { advantage, type Comparison, compare, ratioText } from "./comparison.ts";
import { type Cell, type Column, NO_VALUE, type Table } from "./document.ts";
import { corePercent, figureUnit, figureValue, ratio, spreadOf } from "./numbers.ts";
import { isUnsaturated } from "./saturation.ts";

/** Which figures stay together when a table is too wide. */
const GROUPS: Readonly<Record<FigureId, "speed" | "time" | "idle">> = {
  memoryPerConnection: "idle",
  beatsPerSecond: "speed",
  answerP50: "time",
  answerP99: "time",
  cpuPerBeat: "time",
  cpuPerOneWayBeat: "time",
  cpuPerServerBeat: "time",
  acceptsPerSecond: "speed",
  idleCpuShare: "idle",
  burstLateness: "time",
  echo64PerSecond: "speed",
  echo1024PerSecond: "speed",
  broadcastPerSecond: "speed",
  memoryAfter: "idle",
};

const SERVER_COLUMN: Column = { title: "server", group: "" };

/** Those that at least one contender has, in the order in which they are listed. */
export function measuredFigures(contenders: readonly ContenderResult[]): FigureId[] {
  return FIGURE_IDS.filter((id) =>
    contenders.some(({ samples }) => (samples[id]?.length ?? 0) > 0),
  );
}

export function medianTable(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
): Table {
  const columns: Column[] = [SERVER_COLUMN];
  for (const id of figures) {
    columns.push(figureColumn(id, true));
    if (id === "beatsPerSecond") columns.push(LOAD_COLUMN);
  }
  const rows = contenders.map((contender) => {
    const row: Cell[] = [{ main: contender.title }];
    for (const id of figures) {
      row.push(medianCell(contender, id));
      if (id === "beatsPerSecond") row.push(loadCell(contender));
    }
    return row;
  });
  return { kind: "table", columns, rows };
}

/** Each figure divided by that of the reference, whichever way is better. */
export function ratioTable(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
  reference: ContenderResult,
): Table {
  const rows = contenders.map((contender) => [
    { main: contender.title },
    ...figures.map((id) =>
      comparisonCell(compare(id, contender, reference), id, contender, reference),
    ),
  ]);
  return {
    kind: "table",
    columns: [SERVER_COLUMN, ...figures.map((id) => figureColumn(id, false))],
    rows,
  };
}

/** Rows are figures and columns the others; more than 1 always means that ours is better. */
export function advantageTable(
  ours: ContenderResult,
  others: readonly ContenderResult[],
  figures: readonly FigureId[],
): Table {
  const rows = figures.map((id) => [
    { main: factsOf(id).title },
    ...others.map((other) => comparisonCell(advantage(id, ours, other), id, ours, other)),
  ]);
  const columns = others.map(({ title, group }) => ({ title, group }));
  return { kind: "table", columns: [{ title: "figure", group: "" }, ...columns], rows };
}

const LOAD_COLUMN: Column = {
  title: "load generator while saturating, % of a core",
  group: GROUPS.beatsPerSecond,
};

function figureColumn(id: FigureId, hasUnit: boolean): Column {
  const { title, better } = factsOf(id);
  // A space that does not break keeps the arrow with its word.
  const unit = hasUnit ? figureUnit(id) : "";
  const arrow = better === "higher" ? "↑" : "↓";
  return { title: `${title}${unit === "" ? "" : `, ${unit}`}\u00A0${arrow}`, group: GROUPS[id] };
}

function medianCell(contender: ContenderResult, id: FigureId): Cell {
  const summary = summarise((contender.samples[id] ?? []).map(({ value }) => value));
  if (summary === undefined) return NO_VALUE;
  const write = (value: number): string => figureValue(id, value);
  return {
    main: write(summary.median),
    small: spreadOf(summary, write),
    isFlagged: isUnsaturated(contender, id),
  };
}

function loadCell(contender: ContenderResult): Cell {
  const shares = (contender.samples.beatsPerSecond ?? []).map(({ loadShare }) => loadShare);
  const summary = summarise(shares.filter((share) => share !== undefined));
  return summary === undefined ? NO_VALUE : { main: corePercent(summary.median) };
}

function comparisonCell(
  comparison: Comparison | undefined,
  id: FigureId,
  one: ContenderResult,
  other: ContenderResult,
): Cell {
  const isItself = one === other && (one.samples[id]?.length ?? 0) > 0;
  if (isItself) return { main: ratio(1), isFlagged: isUnsaturated(one, id) };
  if (comparison === undefined) return NO_VALUE;
  const isFlagged = isUnsaturated(one, id) || isUnsaturated(other, id);
  return { ...ratioText(comparison), isFlagged };
}
