/** Tables for a terminal: texts to the left, numbers to the right, no lines. */

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Texts; numbers otherwise. */
  readonly left?: boolean;
}

export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const widths = columns.map(({ title, of }) =>
    rows.reduce((width, row) => Math.max(width, of(row).length), title.length),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return columns[at]?.left === true ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const all = [
    line(columns.map(({ title }) => title)),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map((row) => line(columns.map(({ of }) => of(row)))),
  ];
  return `${all.join("\n")}\n`;
}

export function fixed(value: number, digits: number): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
