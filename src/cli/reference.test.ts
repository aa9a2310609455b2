/** docs/cli.md is written from the tables of settings; `vitest --update` rewrites it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMANDS, type CommandSpec } from "./commands.ts";
import { configKey, environmentName, type Setting } from "./settings.ts";

const PAGE = new URL("../../docs/cli.md", import.meta.url);

test("docs/cli.md is what the tables of settings say; if not, run `npm run docs`", async () => {
  let page = readFileSync(PAGE, "utf8");
  for (const spec of COMMANDS) page = withSection(page, spec);
  await expect(page).toMatchFileSnapshot("../../docs/cli.md");
});

test("a changed setting changes the page", () => {
  const [spec] = COMMANDS;
  if (spec === undefined) throw new Error("there is a first command");
  const page = `before\n<!-- begin ${spec.name} -->\nstale text\n<!-- end ${spec.name} -->\nafter`;
  expect(withSection(page, spec)).toMatch(/^before\n[\s\S]*`--listen url`[\s\S]*\nafter$/);
  expect(withSection(page, spec)).not.toContain("stale");
  expect(() => withSection("no markers", spec)).toThrow("docs/cli.md");
});

/** The page with the section of one command as it has to be. What stands around it stays. */
function withSection(page: string, spec: CommandSpec): string {
  const [begin, end] = [`<!-- begin ${spec.name} -->`, `<!-- end ${spec.name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/cli.md needs ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n${commandSection(spec)}${page.slice(to)}`;
}

function commandSection(spec: CommandSpec): string {
  const settings = Object.values<Setting<unknown>>(spec.settings);
  const rows = settings.map((setting) =>
    [
      flagCell(setting),
      `\`${environmentName(setting.flag)}\``,
      `\`${configKey(setting.flag)}\``,
      setting.shown === "" ? "" : `\`${setting.shown}\``,
      setting.help,
    ].join(" | "),
  );
  const examples = spec.examples.map(([command, meaning]) => `# ${meaning}\n${command}`);
  return `## holdfast ${spec.name}

${spec.summary.replace(/^./, (first) => first.toUpperCase())}.

\`\`\`text
${examples.join("\n\n")}
\`\`\`

| flag | variable | key | default | |
|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}

function flagCell({ flag, short, kind, negatable }: Setting<unknown>): string {
  const value = kind.placeholder === undefined ? "" : ` ${kind.placeholder}`;
  const names = [
    ...(short === undefined ? [] : [`\`-${short}\``]),
    `\`--${flag}${value}\``.replaceAll("|", "\\|"),
    ...(negatable === true ? [`\`--no-${flag}\``] : []),
  ];
  return names.join(", ");
}
