/**
 * Prints `N passed, N failed` for test runs, and ends with 1 unless all passed.
 *
 *     node scripts/sum-reports.mjs --steps-failed 0 fast.json=0 full.json=1
 *
 * Each run is named by its vitest report (JSON) and the exit code of its command. A report that is
 * missing or holds no test is a failure, and so is a command that failed although its report names
 * no failed test: a run that did not happen proves nothing. `--steps-failed` adds steps that are
 * no tests. With HOLDFAST_REQUIRE_ALL=1 a skipped test counts as failed. Before the sum each
 * failure is named with its reason, as far as that is of use at the end of a long output.
 * Plain JavaScript, so that it runs when nothing builds.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "steps-failed": { type: "string", default: "0" } },
});
const LINES_EACH = 8;
const LINE_CHARACTERS_MAX = 300;
const skipsFail = process.env["HOLDFAST_REQUIRE_ALL"] === "1";

let passed = 0;
let failed = Number(values["steps-failed"]);
for (const run of positionals) {
  const [path, exitCode] = run.split("=");
  const counts = countReport(path);
  passed += counts.passed;
  failed += counts.failed;
  for (const line of counts.reasons) process.stdout.write(`failed: ${line}\n`);
  if (counts.failed === 0 && exitCode !== "0") {
    failed += 1;
    process.stdout.write(`failed: the run of ${path} ended with ${exitCode}, its tests passed\n`);
  }
}
if (values["steps-failed"] !== "0") {
  process.stdout.write(`failed: ${values["steps-failed"]} steps that are no tests, see above\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function countReport(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return { passed: 0, failed: 1, reasons: [`no report of a test run: ${error.message}`] };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  const broken = report.testResults.filter(couldNotLoad).length;
  const seen = report.numFailedTests + broken + (skipsFail ? skipped : 0);
  const reasons = report.testResults.flatMap(reasonsOf);
  const nothingRan = report.numPassedTests + seen === 0;
  if (nothingRan) reasons.push(`${path} ran no test`);
  return { passed: report.numPassedTests, failed: nothingRan ? 1 : seen, reasons };
}

/** Such a file has no tests to count. */
function couldNotLoad(file) {
  return file.status === "failed" && file.assertionResults.length === 0;
}

function reasonsOf(file) {
  if (couldNotLoad(file)) return [`${file.name}: ${reasonIn(file.message)}`];
  return file.assertionResults.flatMap((test) => {
    if (test.status === "passed") return [];
    if (test.status === "failed") {
      return [`${file.name} > ${test.fullName}: ${reasonIn(test.failureMessages?.[0])}`];
    }
    const skipped =
      test.status === "skipped" || test.status === "pending" || test.status === "todo";
    return skipped && skipsFail ? [`${file.name} > ${test.fullName}: was skipped`] : [];
  });
}

/** Without the stack. Of what a program had said before it failed, the beginning and the end. */
function reasonIn(text) {
  const lines = (text ?? "no reason given")
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .map((line) => line.slice(0, LINE_CHARACTERS_MAX));
  const told =
    lines.length <= 2 * LINES_EACH
      ? lines
      : [...lines.slice(0, LINES_EACH), "...", ...lines.slice(-LINES_EACH)];
  return told.join("\n  ");
}
