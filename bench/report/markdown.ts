/**
 * The report as Markdown, and how it gets into a page that is written by hand.
 *
 * Text of servers and of their errors is escaped, so that nobody's error message breaks a table.
 * Only what stands between the two markers is ever replaced.
 */
import type { RunResult } from "../results.ts";
import {
  type Block,
  type Cell,
  columnGroups,
  evenParts,
  pickColumns,
  type Table,
} from "./document.ts";
import { FLAG } from "./saturation.ts";
import { sectionsOf } from "./sections.ts";

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** More columns of numbers than this do not fit a page of GitHub. */
const COLUMNS_MAX = 7;

export function markdownReport(result: RunResult): string {
  const parts = sectionsOf(result).flatMap(({ title, blocks }) => [
    `## ${escaped(title)}`,
    ...blocks.map(blockText),
  ]);
  return `${parts.join("\n\n")}\n`;
}

/**
 * The page with `generated` between its markers, each of which stands on a line of its own.
 *
 * @throws Error when a marker is missing or doubled, or when they stand in the wrong order.
 */
export function replaceGenerated(page: string, generated: string): string {
  const begin = markerAt(page, BEGIN);
  const end = markerAt(page, END);
  if (end < begin) throw new Error(`The page has ${END} before ${BEGIN}; swap the two.`);
  const before = page.slice(0, begin + BEGIN.length);
  return `${before}\n\n${generated.trim()}\n\n${page.slice(end)}`;
}

function markerAt(page: string, marker: string): number {
  const found = [...page.matchAll(new RegExp(`^${marker}$`, "gm"))];
  if (found.length === 0) throw new Error(`The page has no line ${marker}; add it.`);
  if (found.length > 1) {
    throw new Error(`The page has the line ${marker} ${found.length} times; keep one.`);
  }
  return found[0]?.index ?? 0;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return escaped(block.text);
    case "list":
      return block.items.map((item) => `- ${escaped(item)}`).join("\n");
    case "facts":
      return block.facts.map(([name, value]) => `- **${name}**: ${escaped(value)}`).join("\n");
    case "table":
      return split(block).map(tableText).join("\n\n");
    default:
      return block satisfies never;
  }
}

function split(table: Table): Table[] {
  if (table.columns.length - 1 <= COLUMNS_MAX) return [table];
  const parts = columnGroups(table).flatMap((group) =>
    evenParts(group, Math.ceil(group.length / COLUMNS_MAX)),
  );
  return pickColumns(table, parts);
}

function tableText({ columns, rows }: Table): string {
  return [
    rowText(columns.map(({ title }) => escaped(title))),
    rowText(columns.map((_, at) => (at === 0 ? "---" : "---:"))),
    ...rows.map((row) => rowText(row.map(cellText))),
  ].join("\n");
}

/** A bar would end a cell even between backticks. */
function rowText(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function cellText({ main, isFlagged, small }: Cell): string {
  const mark = isFlagged === true ? FLAG : "";
  const tail = small === undefined || small === "" ? "" : ` <sub>${escaped(small)}</sub>`;
  return escaped(main) + mark + tail;
}

/** Keeps what stands between backticks. */
function escaped(text: string): string {
  return text
    .replaceAll(/[ \t\r\n]+/g, " ")
    .replaceAll(/(`[^`]*`)|[\\<*[\]~]/g, (found: string, code?: string) => {
      if (code !== undefined) return code;
      return found === "<" ? "&lt;" : `\\${found}`;
    });
}
