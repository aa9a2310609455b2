/** Where the bench finds and puts things: all below `.tmp/`, which is not committed. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Places as ContenderPlaces, repositoryRoot } from "../contenders/places.ts";

export interface Places extends ContenderPlaces {
  /** The root of the repository. */
  readonly root: string;
  /** Where runs leave their results. */
  readonly results: string;
}

/** @throws Error when the package is not built. */
export function findPlaces(): Places {
  const root = repositoryRoot();
  const bench = join(root, ".tmp/bench");
  const door = join(root, "dist/index.js");
  if (!existsSync(door)) throw new Error(`${door} is missing: \`npm run build\` makes it`);
  const toolsFolder = join(bench, "tools");
  const results = join(bench, "results");
  mkdirSync(toolsFolder, { recursive: true });
  mkdirSync(results, { recursive: true });
  const compiled = join(bench, "js/bench");
  return { root, toolsFolder, compiled, dist: pathToFileURL(door).href, results };
}
