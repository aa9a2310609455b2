/** The table of docs/lab.md, from the results of a run. Nobody edits it by hand. */
import type { Side } from "./bounds.ts";
import { CASES } from "./cases/case-list.ts";
import type { Expectation, LabCase } from "./cases/lab-case.ts";
import { CONTESTANTS } from "./contestants/contestant.ts";
import type { CaseResult, LabResult, Series } from "./results.ts";
import { dialectOf } from "./verdict.ts";

const BEGIN = "<!-- lab:begin -->";
const END = "<!-- lab:end -->";
const SIDES = ["client", "server"] as const;
const TITLES: Readonly<Record<Series["contestant"], string>> = {
  "holdfast-frame": "Holdfast `tcp://`",
  "holdfast-line": "Holdfast `line://`",
  net: "`net`, keepalive",
  ws: "`ws`, sweep",
};

export function markdownReport(result: LabResult): string {
  const rows = CASES.flatMap((labCase) => {
    const found = result.cases.find(({ id }) => id === labCase.id);
    return found === undefined || found.runs === 0 ? [] : rowsOf(labCase, found);
  });
  const heads = ["fault", "seen by", ...CONTESTANTS.map((id) => TITLES[id])];
  return [
    `- **commit**: ${result.commit}, ${result.date}`,
    `- **machine**: ${result.machine}; ${result.parallel} runs side by side`,
    `- **verdict**: ${verdictText(result)}`,
    ...result.faults.map((fault) => `- **not kept**: ${fault}`),
    "",
    row(heads),
    row(heads.map(() => "---")),
    ...rows,
  ].join("\n");
}

/** Puts the table between the markers of the page. */
export function replaceReport(page: string, report: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page needs ${BEGIN} and, after it, ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${report.trim()}\n\n${page.slice(end)}`;
}

function verdictText({ cases, faults }: LabResult): string {
  const judged = cases.flatMap(judgedSeries);
  const found = judged.flatMap(({ times }) => times).filter((ms) => ms !== null);
  const lived = judged.flatMap(({ times }) => times).length - found.length;
  const beyondMs = Math.max(0, ...judged.map(beyondBoundMs));
  const kept = faults.length === 0 ? "all as promised" : `${faults.length} not as promised`;
  return (
    `of the ends of Holdfast connections ${found.length} were reported and ${lived} lived, ` +
    `${kept}; the latest came ${beyondMs} ms after its bound`
  );
}

interface Judged {
  readonly times: Series["times"];
  /** Undefined where it has to live. */
  readonly boundMs: number | undefined;
}

/** Of Holdfast's, those that were not frozen themselves. */
function judgedSeries({ id, series }: CaseResult): Judged[] {
  const labCase = CASES.find((one) => one.id === id);
  return series.flatMap(({ contestant, side, times }): Judged[] => {
    const dialect = dialectOf(contestant);
    const expected = dialect && labCase?.expects(side, dialect);
    if (expected === undefined || expected.is === "frozen") return [];
    return [{ times, boundMs: expected.is === "found" ? expected.bound.ms : undefined }];
  });
}

function beyondBoundMs({ times, boundMs = Number.POSITIVE_INFINITY }: Judged): number {
  return Math.max(...times.map((ms) => (ms ?? 0) - boundMs));
}

function rowsOf(labCase: LabCase, found: CaseResult): string[] {
  return SIDES.map((side) => {
    const cells = CONTESTANTS.map((id) => {
      const series = found.series.find((one) => one.contestant === id && one.side === side);
      const dialect = dialectOf(id);
      const expected = labCase.expects(side, dialect ?? "frame");
      const what = series === undefined ? "–" : cell(series, expected, found.watchedMs);
      return dialect === undefined ? what : withBound(what, expected);
    });
    const title = side === "client" ? `${labCase.title} (${runsText(found)})` : "";
    return row([title, who(side, labCase), ...cells]);
  });
}

function runsText({ runs, watchedMs }: CaseResult): string {
  return watchedMs >= 300_000 ? `${runs} runs of ${watchedMs / 60_000} min` : `${runs} runs`;
}

function who(side: Side, { expects }: LabCase): string {
  const expected = expects(side, "frame");
  if (expected.is !== "found" || expected.since === "fault") return side;
  return `${side}, from ${expected.since === "wake" ? "its wake" : "the last byte heard"}`;
}

function withBound(what: string, expected: Expectation): string {
  if (expected.is !== "found") return what;
  const { bound } = expected;
  const sum = bound.sum.includes("+") ? `${bound.sum} = ${bound.ms / 1_000}` : bound.sum;
  return `${what}<br><sub>bound: ${sum} s</sub>`;
}

function cell({ times, early }: Series, expected: Expectation, watchedMs: number): string {
  if (expected.is === "frozen") return "frozen itself";
  const found = times.filter((ms) => ms !== null).toSorted((a, b) => a - b);
  const missed = times.length - found.length;
  const watched = `${watchedMs / 1_000} s`;
  const before = early === 0 ? "" : `; ${early} ended before the fault`;
  if (expected.is === "kept") {
    return found.length === 0
      ? `lived, ${missed} of ${times.length}`
      : `**${found.length} of ${times.length} ended**${before}`;
  }
  if (found.length === 0) return `not found in ${watched}`;
  const median = found[Math.floor(found.length / 2)] ?? 0;
  const text = `${seconds(found.at(-1) ?? 0)} s (${seconds(median)})`;
  return missed === 0 ? text + before : `${text}; ${missed} not found in ${watched}${before}`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
