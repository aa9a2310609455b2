/** The linter's part of the house rules holds, and each rule catches a planted violation. */
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PURE_ROOMS } from "../../scripts/floors.ts";
import { ROOT } from "../../scripts/house.ts";
import { run, tool } from "../support/commands.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONFIG = ".oxlintrc.json";

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

/** Lints `files` under this repository's rules; gives `path rule` for each finding. */
function lint(files: Readonly<Record<string, string>>): string[] {
  const own = [CONFIG, "tsconfig.json"].map((name) => [
    name,
    readFileSync(join(ROOT, name), "utf8"),
  ]);
  const folder = tempFolder({ ...Object.fromEntries(own), ...files });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const { said } = run(tool("oxlint"), ["--type-aware", "--format", "json", "src"], { folder });
  const report = JSON.parse(said) as Report;
  return report.diagnostics.map(({ filename, code }) => `${filename} ${code}`).toSorted();
}

/** It reads all of the repository, on a machine that may be busy with other tests. */
const WHOLE_LIMIT_MS = 120_000;

test(
  "the whole repository passes, with types",
  () => {
    const { code, said } = run(tool("oxlint"), ["--type-aware", "--deny-warnings"]);
    expect(said).toContain("Found 0 warnings and 0 errors");
    expect(code).toBe(0);
  },
  WHOLE_LIMIT_MS,
);

test("the banned globals are banned in exactly the pure rooms of the floors", () => {
  const config = readFileSync(join(ROOT, CONFIG), "utf8");
  const listed = [...config.matchAll(/"src\/([\w-]+)\/\*\*"/g)].map(([, room]) => room as string);
  expect(listed.filter((room) => room !== "cli").toSorted()).toEqual(PURE_ROOMS.toSorted());
});

const BANNED_GLOBALS = (
  "Date performance setTimeout setInterval setImmediate queueMicrotask " +
  "process console Buffer globalThis crypto fetch window"
).split(" ");

test("no banned global passes on a pure floor; outside, and in tests, they may be used", () => {
  const use = (name: string) => `/** Planted. */\nexport const planted: unknown = ${name};\n`;
  const paths = BANNED_GLOBALS.map((name) => `src/wire/use-${name.toLowerCase()}.ts`);
  const files = Object.fromEntries(
    paths.map((path, index) => [path, use(BANNED_GLOBALS[index] ?? "")]),
  );
  const elsewhere = { "src/driver/clock.ts": use("Date"), "src/wire/a.test.ts": use("process") };
  const chance = { "src/base/chance.ts": use("Math.random()") };
  expect(lint({ ...files, ...elsewhere, ...chance })).toEqual([
    "src/base/chance.ts eslint(no-restricted-properties)",
    ...paths.map((path) => `${path} eslint(no-restricted-globals)`).toSorted(),
  ]);
});

function ofLines(count: number, line: string): string[] {
  return Array.from({ length: count }, () => line);
}

const FUNCTION_OF_61_LINES = [
  "let counter = 0;",
  "export function f(): void {",
  ...ofLines(59, "  counter += 1;"),
  "}",
];

/** A rule, and lines that break it. */
const PLANTS: Readonly<Record<string, readonly string[]>> = {
  "eslint(max-lines)": ofLines(401, "// one more"),
  "eslint(max-lines-per-function)": FUNCTION_OF_61_LINES,
  "import(no-default-export)": ["export default 1;"],
  "eslint(no-warning-comments)": ["// TODO: later"],
  "eslint(no-console)": ["console.log(1);"],
  "vitest(no-focused-tests)": ['import { test } from "vitest";', 'test.only("x", () => {});'],
  "typescript(no-floating-promises)": [
    "async function f(): Promise<void> {}",
    "export function g(): void {",
    "  f();",
    "}",
  ],
  "typescript(no-misused-promises)": [
    "export function g(run: (call: () => void) => void): void {",
    "  run(async () => {});",
    "}",
  ],
  "typescript(switch-exhaustiveness-check)": [
    'export function f(x: "a" | "b"): number {',
    "  switch (x) {",
    '    case "a":',
    "      return 1;",
    "  }",
    "  return 2;",
    "}",
  ],
};

function plantPath(rule: string): string {
  const name = rule.replace(/^\w+\((.*)\)$/, "$1");
  return `src/driver/${name}${rule.startsWith("vitest") ? ".test" : ""}.ts`;
}

test("each planted violation is found by its own rule", () => {
  const plants = Object.entries(PLANTS);
  const found = lint(
    Object.fromEntries(plants.map(([rule, lines]) => [plantPath(rule), `${lines.join("\n")}\n`])),
  );
  for (const [rule] of plants) expect(found).toContain(`${plantPath(rule)} ${rule}`);
});

test("a function of 60 lines and a file of 400 pass", () => {
  const inside = FUNCTION_OF_61_LINES.toSpliced(2, 1);
  const files = {
    "src/driver/a.ts": inside,
    "src/driver/b.ts": ["export const x: number = 1;", ...ofLines(399, "// more")],
  };
  const sources = Object.entries(files).map(([path, lines]) => [path, `${lines.join("\n")}\n`]);
  expect(lint(Object.fromEntries(sources))).toEqual([]);
});
