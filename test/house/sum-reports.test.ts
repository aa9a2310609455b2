/** The closing count of a full run: nothing that went wrong may hide in it. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, run } from "../support/commands.ts";
import { tempFolder } from "../support/temp-folder.ts";

const GREEN = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [{ status: "passed", assertionResults: [{}, {}, {}, {}] }],
};

/** Sums one report; `undefined` writes none. */
function sum(report: object | undefined, exitCode: number, env: NodeJS.ProcessEnv = {}): string {
  const files = report === undefined ? {} : { "run.json": JSON.stringify(report) };
  const path = join(tempFolder(files), "run.json");
  const args = [join(ROOT, "scripts/sum-reports.mjs"), `${path}=${exitCode}`];
  const { code, said } = run(process.execPath, args, { env: { ...freshEnv(), ...env } });
  return `${/^.* passed, .* failed$/m.exec(said)?.[0]}, code ${code}`;
}

test("a green run is green", () => {
  expect(sum(GREEN, 0)).toBe("3 passed, 0 failed, code 0");
});

test.each([
  ["a failed test", { ...GREEN, numFailedTests: 2 }, 1, "3 passed, 2 failed, code 1"],
  ["a command that failed for another reason", GREEN, 1, "3 passed, 1 failed, code 1"],
  ["no report", undefined, 0, "0 passed, 1 failed, code 1"],
  ["a run without tests", { ...GREEN, numPassedTests: 0 }, 0, "0 passed, 1 failed, code 1"],
  [
    "a file that could not be loaded",
    { ...GREEN, testResults: [{ status: "failed", assertionResults: [] }] },
    1,
    "3 passed, 1 failed, code 1",
  ],
])("%s is counted", (_, report, exitCode, expected) => {
  expect(sum(report, exitCode)).toBe(expected);
});

test("what failed is named before the sum, with its reason and without the stack", () => {
  expect(reasonsOf("late\n    at x (file:///x.ts:1)")).toBe("late");
});

test("of all that a program had said, the end is told with the beginning", () => {
  const output = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const told = reasonsOf(["serve ended with 1:", ...output, "z".repeat(9_999)].join("\n"));
  expect(told).toMatch(/^serve ended with 1:\n {2}line 0\n/);
  expect(told).toMatch(/\n {2}line 99\n {2}z{300}$/);
  expect(told.split("\n").length).toBeLessThan(20);
});

/** What is told of one test that failed so, before the steps that failed and the sum. */
function reasonsOf(message: string): string {
  const failure = { status: "failed", fullName: "a link returns", failureMessages: [message] };
  const testResults = [{ name: "/t/link.test.ts", status: "failed", assertionResults: [failure] }];
  const path = join(
    tempFolder({ "run.json": JSON.stringify({ ...GREEN, numFailedTests: 1, testResults }) }),
    "run.json",
  );
  const script = join(ROOT, "scripts/sum-reports.mjs");
  const { said } = run(process.execPath, [script, "--steps-failed", "1", `${path}=1`]);
  const [before, after] = [
    "failed: /t/link.test.ts > a link returns: ",
    "\nfailed: 1 steps that are no tests, see above\n3 passed, 2 failed\n",
  ];
  expect(said.startsWith(before) && said.endsWith(after)).toBe(true);
  return said.slice(before.length, -after.length);
}

test("a skip is counted where nothing may be skipped", () => {
  expect(sum(GREEN, 0, { HOLDFAST_REQUIRE_ALL: "1" })).toBe("3 passed, 1 failed, code 1");
});
