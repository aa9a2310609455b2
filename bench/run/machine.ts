/** What a run was measured on: figures without that mean nothing. */
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem, type as systemName } from "node:os";
import type { Machine } from "../results.ts";
import type { Pinning } from "./cores.ts";

export function describeMachine(pinned: Pinning | undefined): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${systemName()} ${release()}`,
    node: process.version,
    pinned,
  };
}

/** The commit of a working tree, with a "+" when it was changed since; "unknown" without git. */
export function describeCommit(root: string): string {
  const git = (...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git("rev-parse", "--short=10", "HEAD");
  if (commit === undefined) return "unknown";
  return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}+`;
}
