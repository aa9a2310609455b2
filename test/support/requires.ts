/**
 * What a test needs beyond Node: root, a tool, a kernel. Where it is missing the test is skipped
 * with the reason, which the end of the run prints. HOLDFAST_REQUIRE_ALL=1 says that everything is
 * installed: then the same test fails instead.
 *
 *     const asRoot = skipUnless(isRoot(), "network namespaces need root");
 *     asRoot("finds a partition", async () => { … });
 */
import { type TestContext, test } from "vitest";

// Programs ask the same, and must not load vitest for it.
export { hasTool, isLinux, isRoot } from "./machine.ts";

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
