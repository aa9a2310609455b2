/**
 * A door is a file directly in src/: it holds exports and nothing else, and package.json names it
 * with its types and its code. `default` and not `import`: so `require()` finds it, too.
 */
import type { Files, Finding } from "./house.ts";
import { codeOnly } from "./source-text.ts";

export type Exports = Readonly<Record<string, unknown>>;

export function doorFindings(files: Files, exports: Exports): Finding[] {
  const doors = [...files].filter(([path]) => /^src\/[^/]+\.ts$/.test(path));
  const findings = doors.flatMap(([path, source]) => contentFindings(path, source));
  const expected = new Map(doors.map(([path]) => exportOf(path)));
  for (const [name, target] of expected) {
    if (JSON.stringify(exports[name]) === JSON.stringify(target)) continue;
    const what = `exports["${name}"] must be ${JSON.stringify(target)}`;
    findings.push({ path: "package.json", line: 1, what });
  }
  for (const name of Object.keys(exports)) {
    if (expected.has(name) || name === "./package.json") continue;
    findings.push({
      path: "package.json",
      line: 1,
      what: `exports["${name}"] has no file in src/`,
    });
  }
  return findings;
}

function exportOf(path: string): [string, Readonly<Record<string, string>>] {
  const name = path.slice("src/".length, -".ts".length);
  return [
    name === "index" ? "." : `./${name}`,
    { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
  ];
}

function contentFindings(path: string, source: string): Finding[] {
  const rest = codeOnly(source)
    .replaceAll(/\bexport\s+(?:type\s+)?(?:\{[^}]*\}|\*)\s*from\s*["'] *["']\s*;/g, "")
    .trim();
  return rest === ""
    ? []
    : [{ path, line: 1, what: "a door holds `export … from` and nothing else" }];
}
