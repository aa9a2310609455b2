/** The files of this repository, as the house rules see them: a path from the root, and a text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export type Files = ReadonlyMap<string, string>;

/** What a rule found. `path` is from the root, `line` counts from 1. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** Reads all files with one of the endings below the folders; a missing folder is empty. */
export function readFiles(folders: readonly string[], endings: readonly string[]): Files {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const path of pathsBelow(folder)) {
      if (endings.some((ending) => path.endsWith(ending))) {
        files.set(path, readFileSync(join(ROOT, path), "utf8"));
      }
    }
  }
  return files;
}

function pathsBelow(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll(sep, "/"))
    .toSorted();
}

/** One finding a line, in the form that terminals make clickable. */
export function describeFindings(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, what }) => `${path}:${line} ${what}`);
}
