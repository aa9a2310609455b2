/**
 * What a test needs beyond Node: root, a tool, a kernel. Where it is missing the test is skipped
 * with the reason, which the end of the run prints. HOLDFAST_REQUIRE_ALL=1 says that everything is
 * installed: then the same test fails instead.
 *
 *     const asRoot = skipUnless(isRoot(), "network namespaces need root");
 *     asRoot("finds a partition", async () => { … });
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "vitest";

type Body = (context: TestContext) => void | Promise<void>;
type Declare = (name: string, body: Body, timeoutMs?: number) => void;

/** Returns `test` where `condition` holds, and otherwise one that tells `reason`. */
export function skipUnless(condition: boolean, reason: string): Declare {
  if (condition) return (name, body, timeoutMs) => test(name, body, timeoutMs);
  return (name) => test(name, (context) => refuse(context, reason));
}

function refuse(context: TestContext, reason: string): void {
  if (process.env["HOLDFAST_REQUIRE_ALL"] === "1") {
    throw new Error(`nothing may be skipped in this run, but ${reason}`);
  }
  context.skip(reason);
}

export function isLinux(): boolean {
  return process.platform === "linux";
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether a program of this name is on the PATH. */
export function hasTool(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false; // Not in this folder; the next one may have it.
    }
  });
}
