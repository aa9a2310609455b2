/**
 * Everything in the chart that is not a row: background, titles, legend and foot.
 *
 * The foot says what the marks and whiskers mean, and who is missing. It has as many lines as that
 * takes, so the chart grows with it.
 */
import { FAINT_INK, PICTURE_PADDING, PICTURE_WIDTH } from "../../scripts/pictures/look.ts";
import { paper, text } from "../../scripts/pictures/shapes.ts";
import { folded } from "../../scripts/pictures/text-lines.ts";
import type { RunResult } from "../results.ts";
import {
  COLOURS,
  FOOT_LENGTH_MAX,
  GROUP_TITLES,
  LINE_HEIGHT,
  MEMORY,
  PANEL_TITLE_AT,
  SPEED,
  SUBTITLE_AT,
  TITLE_AT,
} from "./chart-look.ts";
import type { ChartData } from "./chart-rows.ts";
import { FLAG } from "./saturation.ts";
import { countText, machineText, minuteOf, nodeText } from "./sections.ts";

export const CHART_TITLE = "Holdfast beside other servers: heartbeats and memory";

/** Beside the titles of the panels, above the names. */
const LEGEND_XS = { holdfast: PICTURE_PADDING, peer: 116, reference: 180 };
const SWATCH = 12;

/** Below the last line. */
const FOOT_GAP = 14;

export function graphicsOf(
  result: RunResult,
  data: ChartData,
  footAt: number,
  height: number,
): object[] {
  const [speed, memory] = [SPEED.left, MEMORY.left];
  return [
    paper(PICTURE_WIDTH, height),
    text(CHART_TITLE, PICTURE_PADDING, TITLE_AT, { size: 18, isBold: true }),
    ...subtitleLines(result).map((line, at) =>
      text(line, PICTURE_PADDING, SUBTITLE_AT + at * LINE_HEIGHT, { fill: FAINT_INK }),
    ),
    ...legend(),
    text(data.speedTitle, speed, PANEL_TITLE_AT, { size: 13, isBold: true }),
    text("more is better", speed, PANEL_TITLE_AT + 16, { size: 11, fill: FAINT_INK }),
    text(data.memoryTitle, memory, PANEL_TITLE_AT, { size: 13, isBold: true }),
    text("less is better", memory, PANEL_TITLE_AT + 16, { size: 11, fill: FAINT_INK }),
    ...footLines(result, data).map((line, at) =>
      text(line, PICTURE_PADDING, footAt + FOOT_GAP + at * LINE_HEIGHT, {
        size: 11,
        fill: FAINT_INK,
      }),
    ),
  ];
}

export function footHeight(result: RunResult, data: ChartData): number {
  return FOOT_GAP + footLines(result, data).length * LINE_HEIGHT;
}

function subtitleLines(result: RunResult): string[] {
  const { contenders, machine, mode, startedAt, amounts, commit } = result;
  const node = nodeText(contenders);
  return [
    machineText(machine),
    [
      minuteOf(startedAt).slice(0, 10),
      ...(node === "" ? [] : [`Node ${node}`]),
      `commit ${commit}`,
      countText(amounts.rounds, "round"),
      ...(mode === "full" ? [] : [`a ${mode} run, not to be quoted`]),
    ].join(" · "),
  ];
}

function footLines(result: RunResult, { rows }: ChartData): string[] {
  const notes: string[] = [];
  const { rounds } = result.amounts;
  if (rounds > 1) {
    notes.push(`Bars: medians of ${rounds} rounds; whiskers: the least and the most.`);
  }
  const hasGap = rows.some(({ speed, memory }) => speed === undefined || memory === undefined);
  if (hasGap) notes.push("–: not measured, or without a meaning for this server.");
  const lines = notes.length === 0 ? [] : folded(notes.join(" "), FOOT_LENGTH_MAX);
  if (rows.some(({ speed }) => speed?.isFlagged === true)) {
    lines.push(
      `${FLAG} Not saturated: this server, or what it is compared with, could have done more.`,
    );
  }
  if (result.missing.length > 0) {
    const missing = result.missing.map(({ title }) => title).join("; ");
    lines.push(...folded(`Could not run here: ${missing}.`, FOOT_LENGTH_MAX));
  }
  return lines;
}

function legend(): object[] {
  const groups = ["holdfast", "peer", "reference"] as const;
  return groups.flatMap((group) => {
    const x = LEGEND_XS[group];
    const shape = { x, y: PANEL_TITLE_AT - SWATCH / 2, width: SWATCH, height: SWATCH, r: 2 };
    return [
      { type: "rect", silent: true, shape, style: { fill: COLOURS[group] } },
      text(GROUP_TITLES[group], x + SWATCH + 6, PANEL_TITLE_AT),
    ];
  });
}
