/** Which modules a file names: imports, re-exports, `import()`, `require()` and `import("x").T`. */
import { posix } from "node:path";
import { lineAt, withoutComments } from "./source-text.ts";

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** True when nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

// `[^"'`;]*?` cannot leave the statement: a clause holds neither quotes nor semicolons.
const FROM = /(?<=^|[;}\n])[ \t]*(?:import|export)\b([^"'`;]*?)\bfrom\s*["']([^"']+)["']/g;
const SIDE_EFFECT = /(?<=^|[;}\n])[ \t]*import\s*["']([^"']+)["']/g;
const CALLED = /\b(?:import|require|require\.resolve)\s*\(\s*(?:["'`]([^"'`$]+)["'`])?/g;

export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  const add = (match: RegExpExecArray, specifier: string, typeOnly: boolean): void => {
    const index = match.index + match[0].length;
    found.push({ specifier, typeOnly, line: lineAt(text, index) });
  };
  for (const match of text.matchAll(FROM)) {
    add(match, match[2] as string, isTypeClause(match[1] as string));
  }
  for (const match of text.matchAll(SIDE_EFFECT)) add(match, match[1] as string, false);
  // What `import(x)` brings cannot be known, so it counts as the unknown module "?".
  for (const match of text.matchAll(CALLED)) add(match, match[1] ?? "?", false);
  return found.toSorted((a, b) => a.line - b.line);
}

/** `type X`, or braces in which each name is a type. */
function isTypeClause(clause: string): boolean {
  const trimmed = clause.trim();
  if (/^type\b(?!\s*,)/.test(trimmed)) return true;
  if (!trimmed.startsWith("{")) return false;
  const names = trimmed.slice(1, trimmed.lastIndexOf("}")).split(",");
  return names.every((name) => name.trim() === "" || /^type\s/.test(name.trim()));
}

/** The path from the root that a relative specifier means; undefined for packages and `node:`. */
export function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(path), specifier);
}
