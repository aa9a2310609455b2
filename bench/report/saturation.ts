/**
 * Which figures claim that a server gave all it had, and where that claim does not hold.
 *
 * A figure of a server that was not saturated says as much of the load generator as of the server.
 * It is shown with a mark and a sentence, in every table that it reaches, and never left out. One
 * round below the limit is enough, and so is a share that nobody measured.
 */
import { type FigureId, factsOf } from "../figures.ts";
import type { ContenderResult, Sample } from "../results.ts";
import { corePercent } from "./numbers.ts";

export const FLAG = "†";

/** Below this share of its core a server had time left. */
const SERVER_SHARE_MIN = 0.95;

/** Above this share of its core the load generator was the limit. */
const LOAD_SHARE_MAX = 0.9;

const SATURATING: ReadonlySet<FigureId> = new Set<FigureId>([
  "beatsPerSecond",
  "acceptsPerSecond",
  "echo64PerSecond",
  "echo1024PerSecond",
  "broadcastPerSecond",
]);

/** Whether the figure of this contender has to carry the mark. */
export function isUnsaturated(contender: ContenderResult, figure: FigureId): boolean {
  return unsaturatedSamples(contender, figure).length > 0;
}

/** One sentence for each mark, in the order of the contenders and their figures. */
export function saturationNotes(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
): string[] {
  return contenders.flatMap((contender) =>
    figures
      .filter((figure) => isUnsaturated(contender, figure))
      .map((figure) => noteOf(contender, figure)),
  );
}

function unsaturatedSamples(contender: ContenderResult, figure: FigureId): readonly Sample[] {
  if (!SATURATING.has(figure)) return [];
  const samples = contender.samples[figure] ?? [];
  return samples.filter(
    ({ serverShare }) => serverShare === undefined || serverShare < SERVER_SHARE_MIN,
  );
}

function noteOf(contender: ContenderResult, figure: FigureId): string {
  const flagged = unsaturatedSamples(contender, figure);
  const rounds = contender.samples[figure]?.length ?? 0;
  const shares = flagged.map(({ serverShare }) => serverShare).filter((it) => it !== undefined);
  const server =
    shares.length === 0
      ? "how busy its core was is not known"
      : `the server was not saturated, its core was busy for ${rangeOf(shares)}`;
  return (
    `${contender.title}, ${factsOf(figure).title}: ${server} ` +
    `(${flagged.length} of ${rounds} rounds); ${loadPhrase(flagged)}.`
  );
}

/** Whose limit it was, if not the server's. */
function loadPhrase(samples: readonly Sample[]): string {
  const shares = samples.map(({ loadShare }) => loadShare).filter((it) => it !== undefined);
  if (shares.length === 0) return "what the load generator used of its own was not measured";
  const used = `at ${rangeOf(shares)} of its own`;
  return Math.max(...shares) > LOAD_SHARE_MAX
    ? `the load generator was the limit, ${used}`
    : `the load generator was not the limit, ${used}`;
}

function rangeOf(shares: readonly number[]): string {
  const min = corePercent(Math.min(...shares));
  const max = corePercent(Math.max(...shares));
  return min === max ? `${min}%` : `${min} to ${max}%`;
}
