/** A skipped test is listed with its reason, or fails where nothing may be skipped. */
import { expect, test } from "vitest";
import { describeSkips } from "../../scripts/skipped-reporter.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { freshEnv, run, tool } from "../support/commands.ts";

test("the list names the test and the reason", () => {
  expect(describeSkips([{ test: "a.test.ts > finds it", reason: "it needs root" }])).toBe(
    "Skipped (1):\n  a.test.ts > finds it\n    because it needs root",
  );
});

test("a tool is found on the PATH, and one that does not exist is not", () => {
  expect(hasTool("node")).toBe(true);
  expect(hasTool("no-such-tool-anywhere")).toBe(false);
});

// Runs only when the tests below start it: then the condition is false.
const inner = process.env["PLANTED_SKIP"] === "1";
skipUnless(!inner, "this skip was planted")("a planted skip", () => {
  expect(inner).toBe(false);
});

function runPlanted(env: NodeJS.ProcessEnv): { code: number | null; said: string } {
  const args = ["run", "--project", "fast", "test/house/skipped.test.ts", "-t", "a planted skip"];
  return run(tool("vitest"), args, { env: { ...freshEnv(), PLANTED_SKIP: "1", ...env } });
}

test("a skip is told at the end of the run", () => {
  const { code, said } = runPlanted({});
  expect(said).toContain("skipped.test.ts > a planted skip\n    because this skip was planted");
  expect(said).toContain("Skipped (1):");
  expect(code).toBe(0);
});

test("a skip fails where everything is required", () => {
  const { code, said } = runPlanted({ HOLDFAST_REQUIRE_ALL: "1" });
  expect(said).toContain("nothing may be skipped in this run, but this skip was planted");
  expect(code).toBe(1);
});
