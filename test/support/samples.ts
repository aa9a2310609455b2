/**
 * The code in the documents, compiled and run as a reader would: each sample is a program of its
 * own, inside the package, so that `import "holdfast"` leads to what was built.
 *
 * Blocks of "ts" end by themselves; blocks of "ts serves" run until they are ended, and a test
 * talks to them. Times and ports are replaced: nobody waits a minute, or for port 8080 to be free
 * (free-port.ts).
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/house.ts";
import { runWell, tool } from "./commands.ts";

export const GUIDES: readonly string[] = readdirSync(join(ROOT, "docs/guides")).map(
  (name) => `docs/guides/${name}`,
);

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The fenced blocks of one kind, which is what stands behind the opening fence. */
export function blocksOf(path: string, kind: string): string[] {
  const fenced = new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...readPage(path).matchAll(fenced)].map((match) => match[1] ?? "");
}

/** A folder inside the package; whoever makes it calls `remove`. */
export function newSampleFolder(): { readonly folder: string; readonly remove: () => void } {
  mkdirSync(join(ROOT, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".tmp", "samples-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Compiles each text as strictly as the package itself, and returns the programs in that order. */
export function compileSamples(folder: string, texts: readonly string[]): string[] {
  for (const [at, text] of texts.entries()) writeFileSync(join(folder, `sample-${at}.ts`), text);
  const options = { extends: "../../tsconfig.json", include: ["."] };
  const compilerOptions = { noEmit: false, declaration: false, isolatedDeclarations: false };
  const config = { ...options, compilerOptions: { ...compilerOptions, outDir: "out" } };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  runWell(tool("tsc"), ["-p", folder]);
  return texts.map((_, at) => join(folder, "out", `sample-${at}.js`));
}
