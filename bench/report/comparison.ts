/**
 * Ratios between two contenders, round by round, and who is compared with whom.
 *
 * What is next to nothing cannot be divided by: ten bytes a connection or a ten-thousandth of a
 * core are noise, and a ratio to noise is a number without a meaning. Below the floor of a figure
 * a ratio is only bounded ("more than 44"), and between two such values there is none.
 */
import { type FigureId, factsOf } from "../figures.ts";
import type { ContenderResult } from "../results.ts";
import { median, roundRatios, type Summary, summarise } from "../stats/summary.ts";
import { ratio, spreadOf } from "./numbers.ts";

/** The engine that a user gets who chooses nothing. */
const DEFAULT_ENGINE = "holdfast-shared-node20";

const C_REFERENCE = "c-epoll";

/** Figures that are counted by the thousand have no floor. */
const FLOORS: Partial<Record<FigureId, number>> = {
  // A page of 4 KiB shared by as many connections as a slope is measured over is far below this.
  memoryPerConnection: 64,
  // The allocator keeps or returns about this much between two runs of the same server.
  memoryAfter: 1024 * 1024,
  // 1 ms of CPU in 10 s: a few wake-ups of the runtime.
  idleCpuShare: 0.0001,
};

export interface Comparison {
  /** `above` and `below`: the true ratio is beyond the median of this one. */
  readonly kind: "about" | "above" | "below";
  readonly summary: Summary;
}

export interface RatioText {
  readonly main: string;
  readonly small: string;
}

/** The figure of `over` divided by that of `under`; undefined where that says nothing. */
export function compare(
  figure: FigureId,
  over: ContenderResult,
  under: ContenderResult,
): Comparison | undefined {
  const floor = FLOORS[figure] ?? 0;
  const upper = over.samples[figure] ?? [];
  const lower = under.samples[figure] ?? [];
  const raised = [upper, lower].map((samples) =>
    samples.map(({ round, value }) => ({ round, value: Math.max(value, floor) })),
  );
  const summary = summarise(roundRatios(raised[0] ?? [], raised[1] ?? []));
  if (summary === undefined) return undefined;
  const isUpperSmall = (median(upper.map(({ value }) => value)) ?? 0) < floor;
  const isLowerSmall = (median(lower.map(({ value }) => value)) ?? 0) < floor;
  if (isUpperSmall && isLowerSmall) return undefined;
  const kind = isLowerSmall ? "above" : isUpperSmall ? "below" : "about";
  return { kind, summary };
}

/** The same, turned so that more than 1 means that `ours` is better. */
export function advantage(
  figure: FigureId,
  ours: ContenderResult,
  theirs: ContenderResult,
): Comparison | undefined {
  return factsOf(figure).better === "higher"
    ? compare(figure, ours, theirs)
    : compare(figure, theirs, ours);
}

export function ratioText(comparison: Comparison): RatioText {
  const { kind, summary } = comparison;
  const main = ratio(summary.median);
  switch (kind) {
    case "about":
      return { main, small: spreadOf(summary, ratio) };
    case "above":
      return { main: `> ${main}`, small: "" };
    case "below":
      return { main: `< ${main}`, small: "" };
    default:
      return kind satisfies never;
  }
}

/** The C server on epoll, else another one in C, else none: what is not C cannot stand for it. */
export function cReference(contenders: readonly ContenderResult[]): ContenderResult | undefined {
  const references = contenders.filter(({ group }) => group === "reference");
  return (
    references.find(({ id }) => id === C_REFERENCE) ?? references.find(({ id }) => /^c\b/.test(id))
  );
}

export function defaultEngine(contenders: readonly ContenderResult[]): ContenderResult | undefined {
  const ours = contenders.filter(
    ({ group, samples }) => group === "holdfast" && Object.keys(samples).length > 0,
  );
  return ours.find(({ id }) => id === DEFAULT_ENGINE) ?? ours[0];
}
