/** How soon a vanished peer is found, against the interval: who watches decides. */
import { svgOf } from "./drawing.ts";
import { FAINT_INK, PICTURE_PADDING, PICTURE_WIDTH, RULE } from "./look.ts";
import { band, curve, dot, line, linear, paper, text } from "./shapes.ts";

/** Where answers come back at once, and on any path. */
export interface FoundWithin {
  readonly quickPathMs: number;
  readonly ms: number;
}

export interface DetectionRow {
  readonly intervalMs: number;
  readonly client: FoundWithin;
  /** Of a peer that can be asked. */
  readonly frameServer: FoundWithin;
  /** Of a plain peer, whose timeout is two intervals. */
  readonly lineServer: FoundWithin;
}

export interface DetectionData {
  readonly rows: readonly DetectionRow[];
  /** What is marked. */
  readonly usualMs: number;
  /** The kernel's keepalive alone, with its defaults here. */
  readonly keepaliveMs: number;
}

const HEIGHT = 460;
const LEFT = 76;
const RIGHT = 640;
const TOP = 112;
const BOTTOM = 408;
const LABELS_AT = RIGHT + 12;
const X_TICKS_S = [0, 15, 30, 60, 90, 120];
const Y_TICKS_S = [0, 60, 120, 180, 240];

const CURVES = [
  { key: "lineServer", colour: "#9a6700", label: "server, plain peer: the timeout" },
  { key: "frameServer", colour: "#1a7f37", label: "server, peer is a Holdfast" },
  { key: "client", colour: "#0a66c2", label: "client whose peer answers" },
] as const;

/** The picture in one sentence. */
export function detectionTitle(data: DetectionData): string {
  const row = usualRow(data);
  return (
    `How soon a vanished peer is found, at the latest, against the interval. With ` +
    `${seconds(row.intervalMs)} a client knows after ${seconds(row.client.ms)}, a server after ` +
    `${seconds(row.frameServer.ms)} if its peer is a Holdfast, and after ` +
    `${seconds(row.lineServer.ms)} if it is a plain program; the kernel's keepalive alone after ` +
    `${seconds(data.keepaliveMs)}.`
  );
}

export function detectionSvg(data: DetectionData): string {
  const most = Math.max(...Y_TICKS_S);
  const x = linear(Math.max(...X_TICKS_S), LEFT, RIGHT);
  const y = linear(most, BOTTOM, TOP);
  const at = (intervalMs: number, ms: number): readonly [number, number] => [
    x(intervalMs / 1_000),
    y(ms / 1_000),
  ];
  const shapes = [...frame(x, y), ...keepalive(data, y)];
  for (const { key, colour, label } of CURVES) {
    const upper = data.rows.map((row) => at(row.intervalMs, row[key].ms));
    const lower = data.rows.map((row) => at(row.intervalMs, row[key].quickPathMs));
    const end = upper.at(-1)?.[1] ?? BOTTOM;
    shapes.push(band(lower, upper, colour), curve(upper, colour));
    shapes.push(text(label, LABELS_AT, end, { fill: colour, isBold: true }));
  }
  const marked = usualRow(data);
  const place = x(marked.intervalMs / 1_000);
  shapes.push(line([place, TOP], [place, BOTTOM], FAINT_INK, [4, 4]));
  shapes.push(text(`${seconds(marked.intervalMs)}, the default:`, place + 10, TOP + 8));
  for (const [index, { key, colour }] of CURVES.entries()) {
    const content = seconds(marked[key].ms);
    shapes.push(dot(at(marked.intervalMs, marked[key].ms), 4, colour));
    shapes.push(text(content, place + 10 + index * 48, TOP + 26, { fill: colour, isBold: true }));
  }
  return svgOf(detectionTitle(data), PICTURE_WIDTH, HEIGHT, { graphic: shapes });
}

function frame(x: (s: number) => number, y: (s: number) => number): object[] {
  const faint = { size: 11, fill: FAINT_INK } as const;
  return [
    paper(PICTURE_WIDTH, HEIGHT),
    text("How soon a vanished peer is found", PICTURE_PADDING, 34, { size: 18, isBold: true }),
    text(
      "At the latest after the last evidence of life. The server's timeout is two intervals; a " +
        "band is the time for an answer, 5 to 15 s, as measured.",
      PICTURE_PADDING,
      62,
      { fill: FAINT_INK },
    ),
    text("found after", LEFT - 8, TOP - 18, { ...faint, align: "right" }),
    text("interval", RIGHT, BOTTOM + 38, { ...faint, align: "right" }),
    ...Y_TICKS_S.flatMap((tick) => [
      line([LEFT, y(tick)], [RIGHT, y(tick)], tick === 0 ? FAINT_INK : RULE),
      text(`${tick} s`, LEFT - 8, y(tick), { ...faint, align: "right" }),
    ]),
    ...X_TICKS_S.flatMap((tick) => [
      line([x(tick), BOTTOM], [x(tick), BOTTOM + 4], FAINT_INK),
      text(`${tick} s`, x(tick), BOTTOM + 16, { ...faint, align: "center" }),
    ]),
  ];
}

function keepalive({ keepaliveMs }: DetectionData, y: (s: number) => number): object[] {
  const place = y(keepaliveMs / 1_000);
  return [
    line([LEFT, place], [RIGHT, place], FAINT_INK, [2, 3]),
    text("the kernel's keepalive alone,", LABELS_AT, place + 2, { fill: FAINT_INK }),
    text("if nothing is unacknowledged", LABELS_AT, place + 18, { fill: FAINT_INK }),
  ];
}

function usualRow({ rows, usualMs }: DetectionData): DetectionRow {
  const row = rows.find(({ intervalMs }) => intervalMs === usualMs);
  if (row === undefined) throw new Error(`the rows must have one for ${usualMs} ms`);
  return row;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
