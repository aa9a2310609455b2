/** Where the repository is, seen from a compiled file of this folder, and what was built in it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../contenders/places.ts";

export const ROOT: string = repositoryRoot();

export const DIST: string = join(ROOT, "dist");

/** Profiles look at what is shipped, so it has to be there and not older than its source. */
export function requireBuilt(): void {
  if (!existsSync(join(DIST, "index.js"))) {
    throw new Error("dist/ is missing: run `npm run build` first");
  }
  const builtAtMs = statSync(join(DIST, "index.js")).mtimeMs;
  const newer = files(join(ROOT, "src"), ".ts").find(
    (file) => !file.endsWith(".test.ts") && statSync(file).mtimeMs > builtAtMs,
  );
  if (newer === undefined) return;
  process.stderr.write(`dist/ is older than ${newer}: run \`npm run build\`\n`);
}

/** The names of all classes that dist/ defines. */
export function ownClassNames(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of files(DIST, ".js")) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/^(?:export )?class (\w+)/gm)) {
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}
