/**
 * The report as plain text for a terminal of 160 columns.
 *
 * A table that is wider is split by its groups of columns, and a group that is still too wide by as
 * many columns as fit. No colours: what is printed is also what goes into files and mails.
 */
import { folded } from "../../scripts/pictures/text-lines.ts";
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

const WIDTH_MAX = 160;

/** Prose is easier to read in shorter lines. */
const PROSE_WIDTH = 100;

/** A head is folded to this width, unless its cells are wider. */
const HEAD_WIDTH = 13;

const GAP = "  ";

interface Shape {
  readonly head: readonly string[];
  /** Cells whose parts stand below one another. */
  readonly cells: readonly string[];
  readonly width: number;
}

/** Without a line break at its end. */
export function terminalReport(result: RunResult): string {
  const parts = sectionsOf(result).map(({ title, blocks }) =>
    [`${title}\n${"=".repeat(title.length)}`, ...blocks.map(blockText)].join("\n\n"),
  );
  return ["Holdfast bench", ...parts].join("\n\n\n");
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return fold(block.text, PROSE_WIDTH).join("\n");
    case "list":
      return block.items.map((item) => hanging("- ", item)).join("\n");
    case "facts": {
      const width = Math.max(...block.facts.map(([name]) => name.length)) + GAP.length;
      return block.facts.map(([name, value]) => hanging(name.padEnd(width), value)).join("\n");
    }
    case "table":
      return split(block).map(tableText).join("\n\n");
    default:
      return block satisfies never;
  }
}

/** The first line after `lead`, the others below its text. */
function hanging(lead: string, text: string): string {
  return lead + fold(text, PROSE_WIDTH - lead.length).join(`\n${" ".repeat(lead.length)}`);
}

/** Once folded, a space that must not break is a space. */
function fold(text: string, width: number): string[] {
  return folded(text, width).map((line) => line.replaceAll("\u00A0", " "));
}

function split(table: Table): Table[] {
  const shapes = shapesOf(table);
  const all = columnGroups(table);
  if (fits(shapes, all.flat())) return [table];
  return pickColumns(
    table,
    all.flatMap((group) => fitting(shapes, group)),
  );
}

/** As few parts as fit, and if they may be, equally long; a single column is always a part. */
function fitting(shapes: readonly Shape[], group: readonly number[]): number[][] {
  const parts: number[][] = [];
  for (const at of group) {
    const last = parts.at(-1);
    if (last !== undefined && fits(shapes, [...last, at])) last.push(at);
    else parts.push([at]);
  }
  const even = evenParts(group, parts.length);
  return even.every((part) => fits(shapes, part)) ? even : parts;
}

function fits(shapes: readonly Shape[], columns: readonly number[]): boolean {
  const widths = [0, ...columns].map((at) => shapes[at]?.width ?? 0);
  return widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) <= WIDTH_MAX;
}

function shapesOf({ columns, rows }: Table): Shape[] {
  return columns.map(({ title }, at) => {
    const column = rows.map((row) => row[at] ?? { main: "" });
    const cells = at === 0 ? column.map(({ main }) => main) : aligned(column);
    const inner = Math.max(0, ...cells.map((text) => text.length));
    const head = fold(title, Math.max(inner, HEAD_WIDTH));
    const width = Math.max(inner, ...head.map((text) => text.length));
    const pad = (text: string): string => (at === 0 ? text.padEnd(width) : text.padStart(width));
    return { head: head.map(pad), cells: cells.map(pad), width };
  });
}

/** Numbers end below one another, then the mark, then the spread. */
function aligned(cells: readonly Cell[]): string[] {
  const mainWidth = Math.max(0, ...cells.map(({ main }) => main.length));
  const smallWidth = Math.max(0, ...cells.map(({ small }) => small?.length ?? 0));
  const hasFlag = cells.some(({ isFlagged }) => isFlagged === true);
  return cells.map(({ main, isFlagged, small }) => {
    const flag = hasFlag ? (isFlagged === true ? FLAG : " ") : "";
    const tail = smallWidth === 0 ? "" : ` ${(small ?? "").padEnd(smallWidth)}`;
    return main.padStart(mainWidth) + flag + tail;
  });
}

function tableText(table: Table): string {
  const shapes = shapesOf(table);
  const height = Math.max(...shapes.map(({ head }) => head.length));
  const lines: string[] = [];
  for (let line = 0; line < height; line++) {
    // Heads stand on their rule, whatever their height.
    lines.push(
      lineText(
        shapes.map(({ head, width }) => head[head.length - height + line] ?? " ".repeat(width)),
      ),
    );
  }
  lines.push(lineText(shapes.map(({ width }) => "-".repeat(width))));
  for (const [row] of table.rows.entries()) {
    lines.push(lineText(shapes.map(({ cells }) => cells[row] ?? "")));
  }
  return lines.join("\n");
}

function lineText(parts: readonly string[]): string {
  return parts.join(GAP).trimEnd();
}
