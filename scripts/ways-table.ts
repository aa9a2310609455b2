/** The table of docs/guides/half-open-connections.md: who finds which way to die, and by when. */

/** Times as `holdfast explain` says them. */
export interface WayRow {
  readonly title: string;
  readonly client: string;
  readonly frameServer: string;
  readonly lineServer: string;
  /** The kernel of either end, without any heartbeat; undefined where it has no part in it. */
  readonly kernel: string | undefined;
}

export function waysTable(rows: readonly WayRow[]): string {
  return [
    "| way to die | a client | a server, Holdfast peer | a server, plain peer | kernel alone |",
    "|---|---|---|---|---|",
    ...rows.map(({ title, client, frameServer, lineServer, kernel = "–" }) => {
      const cells = [title, client, frameServer, lineServer, kernel];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    }),
  ].join("\n");
}
