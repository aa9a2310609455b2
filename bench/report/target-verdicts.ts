/**
 * What a run says of each target: its figure, and whether that is enough.
 *
 * The median decides. A target whose figure was not measured is neither met nor missed, and is
 * never left out.
 */
import type { DuelFigureId, FigureId } from "../figures.ts";
import type { ContenderResult, DuelResult, RunResult } from "../results.ts";
import { type Summary, summarise } from "../stats/summary.ts";
import { TARGETS, type Target, type TargetSource } from "../targets.ts";
import { compare } from "./comparison.ts";
import { isUnsaturated } from "./saturation.ts";

export type Outcome = "stretch" | "met" | "missed" | "not measured";

export interface TargetVerdict {
  readonly target: Target;
  /** In the unit of the target. */
  readonly found: Summary | undefined;
  readonly outcome: Outcome;
  /** Somebody was not saturated in it. */
  readonly isFlagged: boolean;
}

export function targetVerdicts(result: RunResult): TargetVerdict[] {
  return TARGETS.map((target) => {
    const found = figureOf(target.source, result);
    const outcome = found === undefined ? "not measured" : outcomeOf(target, found.median);
    return { target, found, outcome, isFlagged: isFlagged(target.source, result) };
  });
}

export function outcomeOf({ must, stretch, better }: Target, value: number): Outcome {
  const reaches = (wanted: number): boolean =>
    better === "higher" ? value >= wanted : value <= wanted;
  if (!reaches(must)) return "missed";
  return stretch !== undefined && reaches(stretch) ? "stretch" : "met";
}

function figureOf(source: TargetSource, result: RunResult): Summary | undefined {
  const { contenders } = result;
  switch (source.kind) {
    case "figure":
      return scaled(
        source.figure,
        contenders.find(({ id }) => id === source.of),
      );
    case "ratio":
      return ratioOf(source.figure, contenders, source.of, source.to);
    case "engine cost":
      return costOf(engineDuel(result, source.of), "beats");
    case "feature cost":
      return costOf(
        result.features.find(({ id }) => id === source.of),
        source.figure,
      );
    case "watching":
      return summarise((result.watching?.samples ?? []).map(({ value }) => value));
    case "allocation": {
      const found = result.allocations?.find(({ id }) => id === source.of);
      return found === undefined ? undefined : summarise([found.ownBytesPerBeat]);
    }
    default:
      return source satisfies never;
  }
}

/** Memory is kept in bytes, and promised in kilobytes. */
function scaled(figure: FigureId, contender: ContenderResult | undefined): Summary | undefined {
  const divisor = figure === "memoryPerConnection" ? 1024 : 1;
  return summarise((contender?.samples[figure] ?? []).map(({ value }) => value / divisor));
}

function ratioOf(
  figure: FigureId,
  contenders: readonly ContenderResult[],
  of: string,
  to: string,
): Summary | undefined {
  const over = contenders.find(({ id }) => id === of);
  const under = contenders.find(({ id }) => id === to);
  if (over === undefined || under === undefined) return undefined;
  return compare(figure, over, under)?.summary;
}

function engineDuel({ engineCosts }: RunResult, engine: string): DuelResult | undefined {
  return engineCosts?.find(({ id }) => id === engine)?.duels.find(({ id }) => id === "bare");
}

/** What is lost, as a share of what there would be without. */
export function costOf(without: DuelResult | undefined, figure: DuelFigureId): Summary | undefined {
  const ratios = (without?.ratios[figure] ?? []).filter(Number.isFinite);
  return summarise(ratios.map((ratio) => 1 - 1 / ratio));
}

function isFlagged(source: TargetSource, { contenders }: RunResult): boolean {
  if (source.kind !== "ratio") return false;
  return contenders.some(
    (one) => (one.id === source.of || one.id === source.to) && isUnsaturated(one, source.figure),
  );
}
