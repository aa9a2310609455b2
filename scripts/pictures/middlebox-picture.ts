/** After how long a silence the well-known middleboxes cut, beside the default interval. */
import { svgOf } from "./drawing.ts";
import { FAINT_INK, PICTURE_PADDING, PICTURE_WIDTH, RULE } from "./look.ts";
import { dot, line, logarithmic, paper, ring, text } from "./shapes.ts";

export interface BoxPoint {
  readonly name: string;
  /** False: never for silence. */
  readonly idleMs: number | false;
  /** How it says it: `4 min`. */
  readonly idle: string;
  /** What becomes of a connection at the interval that is marked. */
  readonly verdict: "at the edge" | "cut" | "kept";
  /** Whether packets without payload are known to restart its clock, so that keepalive helps. */
  readonly countsAnyPacket: boolean;
}

export interface BoxPicture {
  readonly boxes: readonly BoxPoint[];
  readonly intervalMs: number;
  readonly interval: string;
}

const ROW_HEIGHT = 17;
const HEAD = 136;
const FOOT = 66;
const LEGEND_AT = 98;
const NAMES_END = 330;
const LEFT = 344;
const RIGHT = 800;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TICKS: readonly (readonly [name: string, ms: number])[] = [
  ["30 s", 30 * SECOND_MS],
  ["1 min", MINUTE_MS],
  ["5 min", 5 * MINUTE_MS],
  ["1 h", HOUR_MS],
  ["1 day", DAY_MS],
  ["5 days", 5 * DAY_MS],
];
const COLOURS = { kept: "#0a66c2", "at the edge": "#bc4c00", cut: "#cf222e" };

export function boxesTitle({ boxes, interval }: BoxPicture): string {
  const cutting = boxes.filter(({ idleMs }) => idleMs !== false);
  const names = (verdict: BoxPoint["verdict"]): readonly string[] =>
    cutting.filter((box) => box.verdict === verdict).map(({ name }) => name);
  const [cut, edge, kept] = [names("cut"), names("at the edge"), names("kept")];
  const parts = [
    `${kept.length} of ${cutting.length} keep a connection that pings every ${interval}`,
    ...(edge.length === 0 ? [] : [`at the edge: ${edge.join(", ")}`]),
    ...(cut.length === 0 ? [] : [`cut: ${cut.join(", ")}`]),
  ];
  return `After how long a silence middleboxes cut, by default. ${parts.join("; ")}.`;
}

export function boxesSvg(picture: BoxPicture): string {
  const rows = picture.boxes.filter(({ idleMs }) => idleMs !== false);
  const height = HEAD + rows.length * ROW_HEIGHT + FOOT;
  const end = HEAD + rows.length * ROW_HEIGHT;
  const x = logarithmic(20 * SECOND_MS, 10 * DAY_MS, LEFT, RIGHT);
  const shapes = [...head(picture, height)];
  for (const [name, ms] of TICKS) {
    shapes.push(line([x(ms), HEAD], [x(ms), end], RULE));
    shapes.push(text(name, x(ms), end + 14, { size: 11, fill: FAINT_INK, align: "center" }));
  }
  const marked = x(picture.intervalMs);
  shapes.push(line([marked, HEAD - 8], [marked, end], COLOURS.kept, [4, 4]));
  for (const [index, box] of rows.entries()) {
    const middle = HEAD + (index + 0.5) * ROW_HEIGHT;
    const place = [x(box.idleMs || 0), middle] as const;
    const colour = COLOURS[box.verdict];
    shapes.push(
      text(box.name, NAMES_END, middle, { align: "right" }),
      line([LEFT, middle], [place[0] - 6, middle], RULE),
      box.countsAnyPacket ? dot(place, 5, colour) : ring(place, 4, colour),
      text(box.idle, place[0] + 11, middle, { size: 11, fill: FAINT_INK }),
    );
  }
  const never = picture.boxes.filter(({ idleMs }) => idleMs === false).map(({ name }) => name);
  const said = never.length === 0 ? "" : ` Never for silence: ${never.join("; ")}.`;
  const foot = `Published defaults; docs/middleboxes.md has their sources.${said}`;
  shapes.push(text(foot, PICTURE_PADDING, end + 44, { size: 11, fill: FAINT_INK }));
  return svgOf(boxesTitle(picture), PICTURE_WIDTH, height, { graphic: shapes });
}

function head({ interval, boxes }: BoxPicture, height: number): object[] {
  return [
    paper(PICTURE_WIDTH, height),
    text("After how long a silence middleboxes cut", PICTURE_PADDING, 34, {
      size: 18,
      isBold: true,
    }),
    text(
      `What becomes of a connection that pings every ${interval}, the default (dashed line):`,
      PICTURE_PADDING,
      62,
      { fill: FAINT_INK },
    ),
    ...legend(boxes),
  ];
}

const VERDICTS = [
  ["kept", "kept"],
  ["at the edge", "at the edge: a late ping is too late"],
  ["cut", "cut"],
] as const;
/** A little more than letters of this size are wide. */
const LETTER_WIDTH = 6.4;

/** Of the verdicts only those that there are. */
function legend(boxes: readonly BoxPoint[]): object[] {
  const shapes: object[] = [];
  let x = PICTURE_PADDING + 6;
  const put = (mark: object, words: string): void => {
    shapes.push(mark, text(words, x + 12, LEGEND_AT));
    x += 42 + words.length * LETTER_WIDTH;
  };
  for (const [verdict, words] of VERDICTS) {
    const isThere = boxes.some((box) => box.idleMs !== false && box.verdict === verdict);
    if (isThere) put(dot([x, LEGEND_AT], 5, COLOURS[verdict]), words);
  }
  put(dot([x, LEGEND_AT], 5, FAINT_INK), "any packet restarts its clock");
  put(ring([x, LEGEND_AT], 4, FAINT_INK), "only payload does, as far as is known");
  return shapes;
}
