/**
 * Prints `N passed, N failed` for test runs, and ends with 1 unless all passed.
 *
 *     node scripts/sum-reports.mjs --steps-failed 0 fast.json=0 full.json=1
 *
 * Each run is named by its vitest report (JSON) and the exit code of its command. A report that is
 * missing or holds no test is a failure, and so is a command that failed although its report names
 * no failed test: a run that did not happen proves nothing. `--steps-failed` adds steps that are no
 * tests. With HOLDFAST_REQUIRE_ALL=1 a skipped test counts as failed. Plain JavaScript, so that it
 * runs when nothing builds.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "steps-failed": { type: "string", default: "0" } },
});
const skipsFail = process.env["HOLDFAST_REQUIRE_ALL"] === "1";

let passed = 0;
let failed = Number(values["steps-failed"]);
for (const run of positionals) {
  const [path, exitCode] = run.split("=");
  const counts = countReport(path);
  passed += counts.passed;
  failed += counts.failed === 0 && exitCode !== "0" ? 1 : counts.failed;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function countReport(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    process.stderr.write(`no report of a test run: ${error.message}\n`);
    return { passed: 0, failed: 1 };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded has no tests to count.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const seen = report.numFailedTests + broken + (skipsFail ? skipped : 0);
  const nothingRan = report.numPassedTests + seen === 0;
  return { passed: report.numPassedTests, failed: nothingRan ? 1 : seen };
}
