/**
 * What the chart shows of each contender: two values with their ends, as bars and as text.
 *
 * Both panels share one order, that of the first, so that a name stands once and a row can be read
 * across. Who has no value keeps the row.
 */
import { factsOf } from "../figures.ts";
import type { ContenderResult } from "../results.ts";
import { type Summary, summarise } from "../stats/summary.ts";
import { compare, cReference, ratioText } from "./comparison.ts";
import { figureValue, kilobytes } from "./numbers.ts";
import { FLAG, isUnsaturated } from "./saturation.ts";

export interface Bar {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly label: string;
  readonly isFlagged: boolean;
}

export interface ChartRow {
  readonly title: string;
  readonly group: ContenderResult["group"];
  readonly speed: Bar | undefined;
  readonly memory: Bar | undefined;
}

export interface ChartData {
  readonly speedTitle: string;
  readonly memoryTitle: string;
  /** The best first. */
  readonly rows: readonly ChartRow[];
}

/** Ratios to C, or the figures themselves where no C was measured. */
export function chartData(contenders: readonly ContenderResult[]): ChartData {
  const reference = cReference(contenders);
  const rows = contenders.map((contender) => ({
    title: contender.title,
    group: contender.group,
    speed: speedBar(contender, reference),
    memory: memoryBar(contender),
  }));
  const { title } = factsOf("beatsPerSecond");
  return {
    speedTitle: capital(reference === undefined ? title : `${title}, C = 1`),
    memoryTitle: `${capital(factsOf("memoryPerConnection").title)}, KB`,
    rows: rows.toSorted(bySpeed),
  };
}

/** Who has no speed stands last, the smallest first. */
function bySpeed(a: ChartRow, b: ChartRow): number {
  const bySpeedAlone = (b.speed?.value ?? -1) - (a.speed?.value ?? -1);
  if (bySpeedAlone !== 0) return bySpeedAlone;
  const most = Number.MAX_VALUE;
  return (a.memory?.value ?? most) - (b.memory?.value ?? most);
}

function speedBar(
  contender: ContenderResult,
  reference: ContenderResult | undefined,
): Bar | undefined {
  const figure = "beatsPerSecond";
  const isFlagged =
    isUnsaturated(contender, figure) ||
    (reference !== undefined && isUnsaturated(reference, figure));
  if (reference === undefined) {
    const summary = summarise((contender.samples[figure] ?? []).map(({ value }) => value));
    return barOf(summary, (value) => figureValue(figure, value), isFlagged);
  }
  const comparison = compare(figure, contender, reference);
  if (comparison === undefined) return undefined;
  return barOf(comparison.summary, () => ratioText(comparison).main, isFlagged);
}

/** In KB. A slope can come out below nothing by chance; a bar cannot. */
function memoryBar({ samples }: ContenderResult): Bar | undefined {
  const values = (samples.memoryPerConnection ?? []).map(({ value }) => Math.max(0, value) / 1024);
  return barOf(summarise(values), (value) => kilobytes(value * 1024), false);
}

function barOf(
  summary: Summary | undefined,
  write: (value: number) => string,
  isFlagged: boolean,
): Bar | undefined {
  if (summary === undefined) return undefined;
  const { median: value, min, max } = summary;
  return { value, min, max, label: write(value) + (isFlagged ? FLAG : ""), isFlagged };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
