/** Documents that are written from the code, so that they cannot say anything else than it does. */

interface ErrorRow {
  readonly fault: string;
  readonly retry: boolean;
  readonly means: string;
}

type Table = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

const NOTE = "<!-- Written from the code by `npm run docs`; do not edit. -->";

/** docs/errors.md, from the table of codes. */
export function errorsPage(errors: Readonly<Record<string, ErrorRow>>): string {
  const rows = Object.entries(errors).map(
    ([code, { fault, retry, means }]) =>
      `| \`${code}\` | ${fault} | ${retry ? "yes" : "no"} | ${cell(means)} |`,
  );
  return `${NOTE}

# Codes

Every fault that Holdfast reports has one of these codes. The same code stands

- in a \`HoldfastError\` that a call throws or a promise rejects with (\`error.code\`),
- in the end record of a connection (\`record.code\`), with the evidence and a sentence,
- on the wire, in END and GOAWAY, when a peer is told why.

Match on the code, never on the text of a message. Use \`isHoldfastError(error)\` instead of
\`instanceof\`: two copies of the package may meet in one process. Codes are API: adding one is a
minor change, removing one or changing what it means is a major one.

**Fault** says who has to change something for it not to happen again: the \`caller\`, the \`peer\`,
the \`network\`, \`ours\` (this process), or \`nobody\`. **Retry** says whether trying again,
unchanged, may help; a link redials only after those.

| code | fault | retry | means |
|---|---|---|---|
${rows.join("\n")}
`;
}

/** docs/states.md, from the table of phases. */
export function statesPage(next: Table): string {
  const phases = Object.keys(next);
  const arrows = phases.flatMap((phase) => arrowsOf(phase, next[phase] ?? {}));
  const first = phases[0] ?? "";
  const last = phases.filter((phase) => Object.keys(next[phase] ?? {}).length === 0);
  const triggers = [...new Set(phases.flatMap((phase) => Object.keys(next[phase] ?? {})))];
  const rows = phases.map(
    (phase) => `| ${phase} | ${triggers.map((name) => next[phase]?.[name] ?? "").join(" | ")} |`,
  );
  return `${NOTE}

# Phases of a connection

A connection changes its phase only through this table. A trigger that a phase does not name is
ignored there; after \`${last[0] ?? ""}\` everything is.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${first}
${arrows.join("\n")}
${last.map((phase) => `  ${phase} --> [*]`).join("\n")}
\`\`\`

| phase | ${triggers.join(" | ")} |
|---|${triggers.map(() => "---|").join("")}
${rows.join("\n")}
`;
}

/** One arrow for each pair of phases, with all triggers that lead along it. */
function arrowsOf(phase: string, row: Readonly<Record<string, string | undefined>>): string[] {
  const triggersTo = new Map<string, string[]>();
  for (const [trigger, to] of Object.entries(row)) {
    if (to === undefined) continue;
    triggersTo.set(to, [...(triggersTo.get(to) ?? []), trigger]);
  }
  return [...triggersTo].map(([to, triggers]) => `  ${phase} --> ${to}: ${triggers.join(", ")}`);
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
