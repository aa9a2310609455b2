/** The table of connections that SIGUSR2 asks for: the longest silent first. Pure. */
import { sayDuration, saySize } from "./duration.ts";
import { shortId } from "./report-lines.ts";

export interface TableRow {
  /** Which worker holds it, where there are any. */
  readonly worker?: number;
  readonly id: string;
  readonly address: string;
  readonly dialect: string | undefined;
  readonly verdict: string;
  /** Age of the last byte heard; undefined when none was. */
  readonly heardMsAgo: number | undefined;
  readonly leaseMs: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** More rows than this help nobody; the last line says how many there are. */
const ROWS_MAX = 1_000;

const HEAD = ["id", "address", "dialect", "verdict", "last seen", "lease", "in", "out"] as const;

export function connectionTable(rows: readonly TableRow[]): string {
  const sorted = rows.toSorted((a, b) => silence(b) - silence(a)).slice(0, ROWS_MAX);
  const hasWorkers = rows.some(({ worker }) => worker !== undefined);
  const cells = [HEAD, ...sorted.map(rowCells)].map((row, at) =>
    hasWorkers ? [at === 0 ? "worker" : `w${sorted[at - 1]?.worker}`, ...row] : row,
  );
  const widths = (cells[0] ?? HEAD).map((_, at) =>
    Math.max(...cells.map((row) => row[at]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const total = rows.length === 1 ? "1 connection" : `${rows.length} connections`;
  const unseen = rows.length - sorted.length;
  lines.push(unseen === 0 ? total : `${total}, of which ${unseen} are not shown`);
  return lines.join("\n");
}

function rowCells(row: TableRow): readonly string[] {
  return [
    shortId(row.id),
    row.address,
    row.dialect ?? "-",
    row.verdict,
    row.heardMsAgo === undefined ? "never" : `${sayDuration(row.heardMsAgo)} ago`,
    row.leaseMs === undefined ? "-" : sayDuration(row.leaseMs),
    saySize(row.bytesIn),
    saySize(row.bytesOut),
  ];
}

/** Who never spoke stands first. */
function silence(row: TableRow): number {
  return row.heardMsAgo ?? Number.POSITIVE_INFINITY;
}
