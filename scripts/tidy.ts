/**
 * What the linter cannot say: line lengths, the block that opens each file, files that nobody
 * imports, skips without a reason. The rest (lengths of files and functions, banned globals,
 * default exports, left-over marks) is in .oxlintrc.json.
 */
import { isTest } from "./floors.ts";
import type { Files, Finding } from "./house.ts";
import { importsOf, targetOf } from "./imports.ts";
import { codeOnly, lineAt } from "./source-text.ts";

const LINE_LENGTH_MAX = 100;

/** Lines that are too long, end in blanks, or carry a tab or a carriage return. */
export function lineFindings(files: Files): Finding[] {
  const findings: Finding[] = [];
  for (const [path, source] of files) {
    for (const [index, text] of source.split("\n").entries()) {
      const what = faultOfLine(text);
      if (what !== undefined) findings.push({ path, line: index + 1, what });
    }
    if (source !== "" && (!source.endsWith("\n") || source.endsWith("\n\n"))) {
      findings.push({ path, line: source.split("\n").length, what: "must end in one line break" });
    }
  }
  return findings;
}

function faultOfLine(text: string): string | undefined {
  if (/\s$/.test(text)) return "ends in a blank";
  if (text.includes("\t")) return "holds a tab";
  const length = Array.from(text).length;
  // A line whose length is one unbroken word (a url, a hash) cannot be folded.
  if (length <= LINE_LENGTH_MAX || /^\s*(?:\*|\/\/|import\b.*from)?\s*\S+$/.test(text))
    return undefined;
  return `is ${length} columns long, and ${LINE_LENGTH_MAX} is the limit`;
}

/** Each file says in its first lines what it owns. */
export function openingFindings(files: Files): Finding[] {
  return [...files]
    .filter(([path, source]) => !isTest(path) && !/^(?:#!.*\n)?\/\*\*/.test(source))
    .map(([path]) => ({ path, line: 1, what: "does not open with a comment on what it owns" }));
}

/** `test.skip` and `describe.skip` hide without saying why; `skipUnless` says it. */
export function skipFindings(files: Files): Finding[] {
  const findings: Finding[] = [];
  for (const [path, source] of files) {
    const code = codeOnly(source);
    for (const { index } of code.matchAll(
      /\b(?:test|it|describe)\.(?:skip|skipIf|runIf|todo|only)\b/g,
    )) {
      findings.push({
        path,
        line: lineAt(source, index),
        what: "skip with a reason: skipUnless of test/support/requires.ts",
      });
    }
  }
  return findings;
}

/**
 * Files in src/ that no entry reaches. What only tests use belongs to src/testing/, which tests
 * may reach, or to test/.
 */
export function unreachedFindings(files: Files, entries: readonly string[]): Finding[] {
  const seen = new Set<string>();
  const ahead = [...entries];
  for (const [path, source] of files) {
    if (!isTest(path)) continue;
    for (const target of targetsOf(path, source)) {
      if (target.startsWith("src/testing/")) ahead.push(target);
    }
  }
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    const source = files.get(path);
    if (seen.has(path) || source === undefined) continue;
    seen.add(path);
    ahead.push(...targetsOf(path, source));
  }
  return [...files.keys()]
    .filter((path) => path.startsWith("src/") && !isTest(path) && !seen.has(path))
    .map((path) => ({ path, line: 1, what: "is imported by no door and no command" }));
}

function targetsOf(path: string, source: string): string[] {
  return importsOf(source)
    .map(({ specifier }) => targetOf(path, specifier))
    .filter((target) => target !== undefined);
}
