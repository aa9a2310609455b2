/**
 * The picture of docs/guides/half-open-connections.md, from the results of the lab: for each way to
 * fall silent, and each end, one dot for each run and means, where that end found out.
 *
 * What ends nothing in the time that it was watched for stands at the right edge, in words. Cases
 * in which somebody slept are left out: there a time runs from another moment.
 */
import { svgOf } from "../../scripts/pictures/drawing.ts";
import { FAINT_INK, PICTURE_PADDING, PICTURE_WIDTH, RULE } from "../../scripts/pictures/look.ts";
import { bar, dot, line, linear, paper, text } from "../../scripts/pictures/shapes.ts";
import { folded } from "../../scripts/pictures/text-lines.ts";
import type { Side } from "./bounds.ts";
import { CASES } from "./cases/case-list.ts";
import type { LabCase } from "./cases/lab-case.ts";
import { CONTESTANTS, type ContestantId } from "./contestants/contestant.ts";
import type { CaseResult, LabResult, Series } from "./results.ts";
import { dialectOf } from "./verdict.ts";

const SIDES = ["client", "server"] as const;
const PANELS: Readonly<Record<Side, { readonly from: number; readonly to: number }>> = {
  client: { from: 236, to: 530 },
  server: { from: 572, to: 866 },
};
const MEANS: Readonly<Record<ContestantId, { readonly title: string; readonly colour: string }>> = {
  "holdfast-frame": { title: "Holdfast, frames", colour: "#0a66c2" },
  "holdfast-line": { title: "Holdfast, lines", colour: "#1a7f37" },
  net: { title: "kernel's keepalive", colour: "#9a6700" },
  ws: { title: "sweep of the ws recipe", colour: "#6e7781" },
};
const LANE = 12;
const ROW_GAP = 16;
const ROW_HEIGHT = CONTESTANTS.length * LANE + ROW_GAP;
const HEAD = 142;
const FOOT = 84;
const SECONDS_MAX = 17;
const TICKS_S = [0, 3, 6, 9, 12, 15];
const NAME_LENGTH_MAX = 30;

/** The picture in some sentences, for who cannot see it. */
export function labPictureTitle(result: LabResult): string {
  const shown = casesOf(result);
  const said = CONTESTANTS.map((id) => {
    const all = shown.flatMap(({ labCase, found }) =>
      SIDES.filter((side) => labCase.expects(side, "frame").is === "found").flatMap(
        (side) => seriesOf(found, id, side)?.times ?? [],
      ),
    );
    const times = all.filter((ms) => ms !== null);
    const latest = `${(Math.max(0, ...times) / 1_000).toFixed(1)} s at the latest`;
    const missed = all.length - times.length;
    const found = `${times.length} of ${all.length} found`;
    return `${MEANS[id].title}: ${found}${missed === 0 ? `, ${latest}` : ""}`;
  });
  return (
    `When each end found out, for ${shown.length} ways to fall silent, in ` +
    `${shown[0]?.found.runs ?? 0} runs each. ${said.join("; ")}.`
  );
}

export function labPictureSvg(result: LabResult): string {
  const shown = casesOf(result);
  const end = HEAD + shown.length * ROW_HEIGHT;
  const height = end + FOOT;
  const shapes = [...head(height), ...axes(end)];
  for (const [index, { labCase, found }] of shown.entries()) {
    const top = HEAD + index * ROW_HEIGHT;
    shapes.push(line([PICTURE_PADDING, top], [PICTURE_WIDTH - PICTURE_PADDING, top], RULE));
    shapes.push(...nameOf(labCase, top));
    for (const side of SIDES) shapes.push(...cell(labCase, found, side, top + ROW_GAP / 2));
  }
  shapes.push(...foot(result, shown, end));
  return svgOf(labPictureTitle(result), PICTURE_WIDTH, height, { graphic: shapes });
}

interface Shown {
  readonly labCase: LabCase;
  readonly found: CaseResult;
}

function casesOf({ cases }: LabResult): Shown[] {
  return CASES.flatMap((labCase) => {
    const found = cases.find(({ id }) => id === labCase.id);
    const expected = SIDES.map((side) => labCase.expects(side, "frame"));
    const isAwake = expected.every((one) => one.is !== "found" || one.since !== "wake");
    const isDeath = expected.some(({ is }) => is === "found");
    return found !== undefined && found.runs > 0 && isDeath && isAwake ? [{ labCase, found }] : [];
  });
}

function seriesOf({ series }: CaseResult, id: ContestantId, side: Side): Series | undefined {
  return series.find((one) => one.contestant === id && one.side === side);
}

function cell(labCase: LabCase, found: CaseResult, side: Side, top: number): object[] {
  const { from, to } = PANELS[side];
  const middle = top + (CONTESTANTS.length * LANE) / 2;
  if (labCase.expects(side, "frame").is === "frozen") {
    return [text("is frozen itself", from + 8, middle, { size: 11, fill: FAINT_INK })];
  }
  const x = linear(SECONDS_MAX, from, to);
  return CONTESTANTS.flatMap((id, lane) => {
    const y = top + (lane + 0.5) * LANE;
    const series = seriesOf(found, id, side);
    const times = (series?.times ?? []).filter((ms) => ms !== null);
    const { colour } = MEANS[id];
    const missed = (series?.times.length ?? 0) - times.length;
    const never = `${missed} of ${found.runs} not found in ${found.watchedMs / 1_000} s`;
    return [
      ...boundMark(labCase, id, side, x, y),
      ...times.map((ms) => dot([x(ms / 1_000), y], 3, colour, 0.45)),
      ...(missed === 0 ? [] : [text(never, to, y, { size: 11, fill: colour, align: "right" })]),
    ];
  });
}

/** What was promised: a stroke, right of which no dot may be. */
function boundMark(
  labCase: LabCase,
  id: ContestantId,
  side: Side,
  x: (seconds: number) => number,
  y: number,
): object[] {
  const dialect = dialectOf(id);
  const expected = dialect && labCase.expects(side, dialect);
  if (expected?.is !== "found") return [];
  const place = x(expected.bound.ms / 1_000);
  return [bar([place, y - LANE / 2 + 1], [place + 2, y + LANE / 2 - 1], MEANS[id].colour)];
}

function nameOf({ title }: LabCase, top: number): object[] {
  const lines = folded(title, NAME_LENGTH_MAX);
  const first = top + ROW_HEIGHT / 2 - ((lines.length - 1) * 15) / 2;
  return lines.map((content, index) => text(content, PICTURE_PADDING, first + index * 15));
}

function head(height: number): object[] {
  let x = PICTURE_PADDING;
  const legend = CONTESTANTS.flatMap((id) => {
    const { title, colour } = MEANS[id];
    const shapes = [dot([x + 5, 88], 5, colour), text(title, x + 16, 88)];
    x += 40 + title.length * 6.4;
    return shapes;
  });
  return [
    paper(PICTURE_WIDTH, height),
    text("When each end found that the other was gone", PICTURE_PADDING, 34, {
      size: 18,
      isBold: true,
    }),
    text(
      "Seconds from the fault (NAT: from the last byte heard). One dot for each run; the strokes " +
        "are the bounds that Holdfast promises.",
      PICTURE_PADDING,
      60,
      { fill: FAINT_INK },
    ),
    ...legend,
    ...SIDES.map((side) =>
      text(`found by the ${side}`, PANELS[side].from, HEAD - 22, { size: 13, isBold: true }),
    ),
  ];
}

function axes(end: number): object[] {
  return SIDES.flatMap((side) => {
    const { from, to } = PANELS[side];
    const x = linear(SECONDS_MAX, from, to);
    return TICKS_S.flatMap((tick) => [
      line([x(tick), HEAD], [x(tick), end], tick === 0 ? FAINT_INK : RULE),
      text(`${tick} s`, x(tick), end + 14, { size: 11, fill: FAINT_INK, align: "center" }),
    ]);
  });
}

function foot(result: LabResult, shown: readonly Shown[], end: number): object[] {
  const faint = { size: 11, fill: FAINT_INK } as const;
  const options = shown[0]?.labCase.options;
  const [interval, timeout] = [options?.intervalMs ?? 0, options?.timeoutMs ?? 0];
  return [
    text(
      `Interval ${interval / 1_000} s, answer ${(options?.clientAnswerMs || 0) / 1_000} s, ` +
        `timeout ${timeout / 1_000} s; keepalive after 10 s, then 10 probes a second apart; ` +
        `sweep every ${interval / 1_000} s.`,
      PICTURE_PADDING,
      end + 40,
      faint,
    ),
    text(
      `Commit ${result.commit}, ${result.date}; ${result.machine}. docs/lab.md has all of it, ` +
        "also what should live.",
      PICTURE_PADDING,
      end + 58,
      faint,
    ),
  ];
}
