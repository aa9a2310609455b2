/** The tidy rules hold, and each catches what it is there for. */
import { expect, test } from "vitest";
import { describeFindings, type Finding, readFiles } from "../../scripts/house.ts";
import {
  lineFindings,
  openingFindings,
  skipFindings,
  unreachedFindings,
} from "../../scripts/tidy.ts";

const CODE_FOLDERS = ["src", "test", "scripts", "bench", "examples"];
const ENTRIES = ["src/index.ts", "src/browser.ts", "src/testing.ts", "src/cli/main.ts"];

const code = readFiles(CODE_FOLDERS, [".ts", ".mjs"]);

test("no line is over 100 columns, ends in a blank or holds a tab", () => {
  expect(describeFindings(lineFindings(code))).toEqual([]);
});

test("each file opens with what it owns", () => {
  expect(describeFindings(openingFindings(code))).toEqual([]);
});

test("each skip has a reason", () => {
  expect(describeFindings(skipFindings(code))).toEqual([]);
});

test("each file in src/ is imported by a door or a command", () => {
  expect(describeFindings(unreachedFindings(code, ENTRIES))).toEqual([]);
});

function found(rule: (files: ReadonlyMap<string, string>) => Finding[], source: string): string[] {
  return describeFindings(rule(new Map([["src/wire/planted.ts", source]])));
}

test("a long line is found, but a long url may stand alone", () => {
  const long = `const x = ${"1 + ".repeat(30)}1;\n`;
  expect(found(lineFindings, long)).toEqual([
    "src/wire/planted.ts:1 is 132 columns long, and 100 is the limit",
  ]);
  expect(found(lineFindings, `// https://example.org/${"x".repeat(100)}\n`)).toEqual([]);
});

test.each([
  ["a blank at the end", "const x = 1; \n", "ends in a blank"],
  ["a carriage return", "const x = 1;\r\n", "ends in a blank"],
  ["a tab", "\tconst x = 1;\n", "holds a tab"],
  ["no line break at the end", "const x = 1;", "must end in one line break"],
])("%s is found", (_, source, what) => {
  expect(found(lineFindings, source)).toEqual([`src/wire/planted.ts:1 ${what}`]);
});

test("a file that opens without a comment is found", () => {
  expect(found(openingFindings, 'import { x } from "./x.ts";\n')).toHaveLength(1);
  expect(found(openingFindings, "#!/usr/bin/env node\n/** Owns x. */\n")).toEqual([]);
});

test("a skip without a reason is found, in code and not in text", () => {
  const skips = ["test.skip(", "describe.skipIf(", "it.todo("].map((call) => `${call}"x");\n`);
  for (const skip of skips) expect(found(skipFindings, skip)).toHaveLength(1);
  expect(found(skipFindings, 'const text = "test.skip("; // test.skip(\n')).toEqual([]);
});

test("a file that no entry reaches is found, and tests do not count as entries", () => {
  const files = new Map([
    ["src/index.ts", 'export { x } from "./wire/x.ts";'],
    ["src/wire/x.ts", 'import { later } from "../base/time.ts";'],
    ["src/base/time.ts", ""],
    ["src/wire/lonely.ts", ""],
    ["src/wire/lonely.test.ts", 'import "./lonely.ts"; import "../testing/pair.ts";'],
    ["src/testing/pair.ts", ""],
  ]);
  expect(describeFindings(unreachedFindings(files, ["src/index.ts"]))).toEqual([
    "src/wire/lonely.ts:1 is imported by no door and no command",
  ]);
});
