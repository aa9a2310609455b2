/** docs/middleboxes.md, written from the table of middleboxes of `holdfast explain`. */

/** What is needed of a row; src/ops/explain/middlebox.ts says what each means. */
export interface BoxRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly carries: string;
  readonly idleMs: number | false;
  readonly range: string;
  readonly atEnd: string;
  readonly counts: string;
  readonly source: string;
  readonly year: number;
  readonly certainty: string;
  readonly note?: string;
}

const NOTE = "<!-- Written from the code by `npm run docs`; do not edit. -->";

export function middleboxesPage(
  boxes: readonly BoxRow[],
  sayIdle: (idleMs: number) => string,
): string {
  const rows = boxes.map((box) =>
    [
      `\`${box.id}\``,
      box.name,
      box.carries === "both" ? box.kind : `${box.kind}, ${box.carries} only`,
      box.idleMs === false ? "never" : sayIdle(box.idleMs),
      box.range,
      box.atEnd,
      box.counts,
    ].map(cell),
  );
  const sources = boxes.map(({ id, source, year, certainty, note }) => {
    const more = note === undefined ? "" : ` Note: ${note}.`;
    return `- \`${id}\`: ${source.replace(/[.]$/, "")} (${year}). ${upper(certainty)}.${more}`;
  });
  return `${NOTE}

# Middleboxes and their idle timeouts

What stands between two ends forgets, or ends, connections that are silent for too long. These are
published **defaults**, the most impatient first; whoever runs the box may have set another value,
and several boxes in a row act like the strictest. \`holdfast probe\` measures what a path really
does; \`holdfast explain --behind alb,nat\` tells which interval suits the boxes that you name, by
an id of this table or by a word of one.

- **At the end**: what the two ends are told. A silent drop is found only by a heartbeat; a reset of
  the next packet, with the next ping; a close or a reset of both sides, at once.
- **Counts**: what restarts the clock. Where only payload counts, the kernel's TCP keepalive keeps
  nothing open. Where payload from the server counts, pings need answers.

| id | what | kind | idle timeout | can be set to | at the end | counts |
|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}

## Where the figures are from

*Documented*: whoever makes or runs the box says so. *Source code*: the default was read there.
*Second hand*: others report or cite it. The year is that of the publication or, where it has no
date, of the reading. A figure that is wrong, or has changed, is a bug: tell us with a source.

${sources.join("\n")}
`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function upper(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
}
