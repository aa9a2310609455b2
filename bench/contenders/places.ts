/**
 * Where the parts of the bench are, and what all finders of contenders give back.
 *
 * Compiled files run from .tmp/bench/js, so a path relative to a module is not one relative to its
 * source: what is not compiled is found from the root of the repository.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contender, Missing } from "./contender.ts";

export interface Places {
  /** Absolute; what setup installed and what is compiled. Need not exist. */
  readonly toolsFolder: string;
  /** File url of the built Holdfast: `…/dist/index.js`. */
  readonly dist: string;
  /** Absolute; the compiled bench, in which `contenders/net-server.js` is. */
  readonly compiled: string;
}

export interface Found {
  readonly contenders: readonly Contender[];
  readonly missing: readonly Missing[];
}

/** The folder of package.json, which is above the sources and above what is compiled of them. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) throw new Error("no package.json above the bench");
    folder = above;
  }
  return folder;
}

/** Where setup puts what it brings from npm. */
export function packageFolder(toolsFolder: string, name: string): string {
  return join(toolsFolder, "node_modules", name);
}

export function serverFile({ compiled }: Pick<Places, "compiled">, name: string): string {
  return join(compiled, "contenders", `${name}.js`);
}
