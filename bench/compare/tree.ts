/**
 * Builds a commit of this repository in a folder of its own, without touching the working tree.
 *
 * Its dependencies are ours where its lock file is ours, and installed anew otherwise.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const STEP_LIMIT_MS = 300_000;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

export interface Tree {
  /** In ten hexadecimal digits, or "working tree". */
  readonly name: string;
  /** The file url of its main door, built. */
  readonly dist: string;
}

/** @throws Error when `revision` names no commit here. */
export function resolveCommit(root: string, revision: string): string {
  const git = spawnSync("git", ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`], {
    cwd: root,
    encoding: "utf8",
  });
  if (git.error !== undefined) throw new Error("git is needed to compare commits, and is missing");
  if (git.status === 0) return git.stdout.trim();
  throw new Error(`expected a commit of this repository, got "${revision}"`);
}

/** @throws Error that names the step that failed, and ends with what it said. */
export function buildCommit(root: string, commit: string, folder: string): Tree {
  mkdirSync(folder, { recursive: true });
  const archive = spawnSync("git", ["archive", "--format=tar", commit], {
    cwd: root,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (archive.status !== 0) throw new Error(`git archive ${commit}: ${String(archive.stderr)}`);
  step("tar", ["-x", "-f", "-"], folder, archive.stdout);
  const lock = (of: string): string => readFileSync(join(of, "package-lock.json"), "utf8");
  const modules = join(root, "node_modules");
  if (existsSync(modules) && lock(root) === lock(folder)) {
    symlinkSync(modules, join(folder, "node_modules"));
  } else {
    step("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder);
  }
  step(join(folder, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], folder);
  const dist = pathToFileURL(join(folder, "dist/index.js")).href;
  return { name: commit.slice(0, 10), dist };
}

function step(program: string, args: readonly string[], folder: string, input?: Buffer): void {
  const done = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: STEP_LIMIT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(input === undefined ? {} : { input }),
  });
  if (done.status === 0) return;
  const said = (done.stdout + done.stderr).trim().slice(-2_000);
  throw new Error(`${program} ${args.join(" ")} in ${folder}: ${done.error?.message ?? said}`);
}
