/** The before-and-after table of guard, as Markdown, which a terminal can show, too. */
import { GUARDED_PROGRAMS, type Mode, TIMES } from "../../test/guarded/guarded-program.ts";
import type { Memory, Overhead } from "./overhead.ts";
import type { GuardResult, Partition, ProgramResult, Stalls } from "./results.ts";

const BEGIN = "<!-- guard:begin -->";
const END = "<!-- guard:end -->";
const NO_VALUE = "–";

export function guardTable(result: GuardResult): string {
  const heads = [
    "program",
    "without guard it has",
    "live clients ended by stalls, without and with",
    "silent partition found: nothing on, without, with",
    "heap per connection, without and with",
    "resident per connection, without and with",
    "CPU per message, with / without",
  ];
  const [few, many] = result.connections;
  return [
    `- **commit**: ${result.commit}, ${result.date}`,
    `- **machine**: ${result.machine}`,
    `- **bound**: ${seconds(TIMES.timeoutMs)} for all, with guard and without`,
    `- **memory**: growth from ${few} to ${many} connections, with guard's default options`,
    "",
    row(heads),
    row(heads.map(() => "---")),
    ...result.programs.map(programRow),
  ].join("\n");
}

/** Puts the table between the markers of the page. */
export function replaceTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page needs ${BEGIN} and, after it, ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table.trim()}\n\n${page.slice(end)}`;
}

function programRow({ id, stalls, partition, overhead }: ProgramResult): string {
  const program = GUARDED_PROGRAMS.find((one) => one.id === id);
  return row([
    program?.title ?? id,
    program?.control ?? "",
    stalls === undefined ? NO_VALUE : stallsText(stalls),
    partition === undefined ? NO_VALUE : partitionText(partition),
    ...(overhead === undefined ? [NO_VALUE, NO_VALUE, NO_VALUE] : overheadTexts(overhead)),
  ]);
}

function overheadTexts(overhead: Overhead): string[] {
  const { cpuUsPerMessageWith, cpuUsPerMessageWithout } = overhead;
  return [
    memoryText(overhead, "heapBytes"),
    memoryText(overhead, "residentBytes"),
    (cpuUsPerMessageWith / cpuUsPerMessageWithout).toFixed(2),
  ];
}

function stallsText({ live, endedWithout, endedWith }: Stalls): string {
  return `${endedWithout} of ${live}; **${endedWith}**`;
}

const MODES: readonly Mode[] = ["bare", "control", "guard"];

function partitionText({ copies, watchedMs, foundAfterMs }: Partition): string {
  const texts = MODES.map((mode) => {
    const found = foundAfterMs[mode];
    const missed = copies - found.length;
    const latest = seconds(Math.max(...found));
    if (missed === 0) return latest;
    const lost = `${missed} of ${copies} not in ${seconds(watchedMs)}`;
    return found.length === 0 ? `not in ${seconds(watchedMs)}` : `${latest}, ${lost}`;
  });
  return `${texts[0]}; ${texts[1]}; **${texts[2]}**`;
}

function memoryText(overhead: Overhead, key: keyof Memory): string {
  const [without, withGuard] = [overhead.without[key], overhead.with[key]];
  return `${kilobytes(without)}; ${kilobytes(withGuard)} (x ${(withGuard / without).toFixed(2)})`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} KB`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
