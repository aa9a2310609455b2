/**
 * What a report is made of, before anybody knows whether it becomes text or Markdown.
 *
 * Cells keep number, mark and spread apart: the terminal aligns them and Markdown sets the spread
 * small. Neither of the two may leave a part of a document out.
 */

export interface Cell {
  readonly main: string;
  /** Carries the mark of an unsaturated server. */
  readonly isFlagged?: boolean | undefined;
  /** Spread or remark, in small. */
  readonly small?: string | undefined;
}

export interface Column {
  readonly title: string;
  /** Where a table is too wide, columns of one group stay together. */
  readonly group: string;
}

/** The first column names the row and is repeated wherever the table is split. */
export interface Table {
  readonly kind: "table";
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Block =
  | Table
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [name: string, value: string])[] };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export const NO_VALUE: Cell = { main: "–" };

export function textBlock(text: string): Block {
  return { kind: "text", text };
}

/** Takes the columns in `parts`, each a list of indices; the first column goes into all. */
export function pickColumns(table: Table, parts: readonly (readonly number[])[]): Table[] {
  return parts.map((part) => {
    const kept = [0, ...part];
    const take = <T>(all: readonly T[]): T[] => all.filter((_, at) => kept.includes(at));
    return { kind: "table", columns: take(table.columns), rows: table.rows.map(take) };
  });
}

/** The columns after the first, by group, in the order in which the groups appear. */
export function columnGroups(table: Table): number[][] {
  const groups = new Map<string, number[]>();
  for (const [at, { group }] of table.columns.entries()) {
    if (at === 0) continue;
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [at]);
    else known.push(at);
  }
  return [...groups.values()];
}

/** None much shorter than the others. */
export function evenParts(group: readonly number[], count: number): number[][] {
  const length = Math.ceil(group.length / count);
  return Array.from({ length: count }, (_, at) => group.slice(at * length, (at + 1) * length));
}
