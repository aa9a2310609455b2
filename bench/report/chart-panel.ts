/**
 * One panel of the chart: a scale, and for each row a bar, a whisker and the value.
 *
 * The value stands right of the whisker, so the scale ends where the longest of them still has
 * room for it. The first panel also writes the names of the rows, to the left of its scale.
 */
import type { CustomSeriesRenderItem, CustomSeriesRenderItemReturn } from "echarts";
import { FAINT_INK, FONT, INK, PAPER, RULE } from "../../scripts/pictures/look.ts";
import { folded } from "../../scripts/pictures/text-lines.ts";
import type { Bar, ChartRow } from "./chart-rows.ts";
import {
  BAR_HEIGHT,
  CAP_HEIGHT,
  COLOURS,
  GAP,
  HEAD_HEIGHT,
  NAME_LENGTH_MAX,
  NAME_LINE_HEIGHT,
  type Panel,
  ROW_HEIGHT_MIN,
  VALUE_WIDTH,
  WHISKER,
} from "./chart-look.ts";

type Shapes = Extract<CustomSeriesRenderItemReturn, { type: "group" }>["children"];

export interface PanelOptions {
  readonly grid: object;
  readonly xAxis: object;
  readonly yAxis: object;
  readonly series: object;
}

export function panelOptions(
  panel: Panel,
  index: number,
  rows: readonly ChartRow[],
  barOf: (row: ChartRow) => Bar | undefined,
  hasNames: boolean,
): PanelOptions {
  const ends = rows.map((row) => barOf(row)?.max ?? 0);
  const { max, interval } = scaleFor(Math.max(...ends), panel.width);
  const renderItem: CustomSeriesRenderItem = ({ dataIndex }, api) => {
    const row = rows[dataIndex];
    if (row === undefined) return undefined;
    const middle = api.coord([0, dataIndex])[1] ?? 0;
    const xOf = (value: number): number => api.coord([value, dataIndex])[0] ?? 0;
    const names = hasNames ? nameShapes(row, panel.left - GAP, middle) : [];
    return { type: "group", children: [...names, ...barShapes(row, barOf(row), middle, xOf)] };
  };
  const height = rows.length * rowHeight(rows);
  return {
    grid: { left: panel.left, top: HEAD_HEIGHT, width: panel.width, height },
    xAxis: {
      gridIndex: index,
      type: "value",
      min: 0,
      max,
      interval,
      axisLabel: { color: FAINT_INK, fontFamily: FONT, fontSize: 11, showMaxLabel: false },
      splitLine: { lineStyle: { color: RULE }, showMaxLine: false },
    },
    yAxis: {
      gridIndex: index,
      type: "category",
      inverse: true,
      data: rows.map(({ title }) => title),
      axisLabel: { show: false },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: FAINT_INK } },
    },
    series: {
      type: "custom",
      xAxisIndex: index,
      yAxisIndex: index,
      silent: true,
      clip: false,
      renderItem,
      data: rows.map((row, at) => [barOf(row)?.value ?? 0, at]),
    },
  };
}

/** Room for the longest and its value, and about five lines at round numbers. */
export function scaleFor(end: number, width: number): { max: number; interval: number } {
  const most = end > 0 ? end : 1;
  const max = (most * width) / (width - VALUE_WIDTH);
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return { max, interval: factor * power };
}

/** That of the row with the longest name. */
export function rowHeight(rows: readonly ChartRow[]): number {
  const lines = rows.map(({ title }) => nameLines(title).length);
  return Math.max(ROW_HEIGHT_MIN, Math.max(0, ...lines) * NAME_LINE_HEIGHT + 2);
}

function nameLines(title: string): string[] {
  return folded(title, NAME_LENGTH_MAX);
}

function nameShapes({ title, group }: ChartRow, right: number, middle: number): Shapes {
  return [
    {
      type: "text",
      x: right,
      y: middle,
      style: {
        text: nameLines(title).join("\n"),
        fill: group === "holdfast" ? COLOURS.holdfast : INK,
        font: `${group === "holdfast" ? "bold " : ""}12px ${FONT}`,
        lineHeight: NAME_LINE_HEIGHT,
        align: "right",
        verticalAlign: "middle",
      },
    },
  ];
}

function barShapes(
  { group }: ChartRow,
  bar: Bar | undefined,
  middle: number,
  xOf: (value: number) => number,
): Shapes {
  const from = xOf(0);
  if (bar === undefined) return [valueShape("–", from + GAP, middle, FAINT_INK)];
  const top = middle - BAR_HEIGHT / 2;
  const width = Math.max(1, xOf(bar.value) - from);
  const shape = { x: from, y: top, width, height: BAR_HEIGHT };
  return [
    { type: "rect", shape, style: { fill: COLOURS[group] } },
    ...whiskerShapes(xOf(bar.min), xOf(bar.max), middle),
    valueShape(bar.label, xOf(bar.max) + GAP, middle, INK),
  ];
}

/** None where the ends are so near that only a blot would be seen: about one percent. */
function whiskerShapes(from: number, to: number, middle: number): Shapes {
  if (to - from < 3) return [];
  const [up, down] = [middle - CAP_HEIGHT / 2, middle + CAP_HEIGHT / 2];
  const ends = [
    [from, middle, to, middle],
    [from, up, from, down],
    [to, up, to, down],
  ] as const;
  // A light edge keeps it apart from a dark bar.
  const strokes = [
    { stroke: PAPER, lineWidth: 3, opacity: 0.6 },
    { stroke: WHISKER, lineWidth: 1 },
  ] as const;
  return strokes.flatMap((style) =>
    ends.map(([x1, y1, x2, y2]) => ({ type: "line", shape: { x1, y1, x2, y2 }, style }) as const),
  );
}

function valueShape(text: string, x: number, y: number, fill: string): Shapes[number] {
  const style = { text, fill, font: `12px ${FONT}`, verticalAlign: "middle" } as const;
  return { type: "text", x, y, style };
}
