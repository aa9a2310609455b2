/** The published table is that of the published run: nobody edits it by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { CASES } from "./cases/case-list.ts";
import { markdownReport, replaceReport } from "./report.ts";
import { caseResult, type LabResult, type Outcome } from "./results.ts";

const RESULT = JSON.parse(readFileSync(join(ROOT, "test/lab/results.json"), "utf8")) as LabResult;
const PAGE = "docs/lab.md";

test("the page has the table of test/lab/results.json; if not, `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  const wanted = replaceReport(page, markdownReport(RESULT));
  await expect(wanted).toMatchFileSnapshot(`../../${PAGE}`);
});

test("what is published is a long run of a commit, with every promise kept", () => {
  expect(RESULT.commit).toMatch(/^[0-9a-f]{10}$/);
  expect(RESULT.faults).toEqual([]);
  expect(RESULT.cases.map(({ id }) => id)).toEqual(CASES.map(({ id }) => id));
  for (const { id, runs, watchedMs } of RESULT.cases) {
    const isStretch = id === "loss-5-percent";
    expect(runs).toBeGreaterThanOrEqual(isStretch ? 1 : 20);
    if (isStretch) expect(watchedMs).toBeGreaterThanOrEqual(600_000);
  }
});

test("a table tells what was found, what was not, and what should have lived", () => {
  const cases = [
    caseResult("partition-idle", 60_000, runsOf("partition-idle", [2_000, 4_000, undefined])),
    caseResult("suspended-client", 20_000, runsOf("suspended-client", [undefined, 5_000])),
  ];
  const faults = ["partition-idle: something was late"];
  const head = { date: "2026-01-02", commit: "0123456789", machine: "a machine", parallel: 3 };
  const report = markdownReport({ ...head, cases, faults });
  expect(report).toContain("- **commit**: 0123456789, 2026-01-02");
  expect(report).toContain("1 not as promised");
  expect(report).toContain("- **not kept**: partition-idle: something was late");
  expect(report).toContain("4.0 s (4.0); 1 not found in 60 s");
  expect(report).toContain("bound: interval 3 + answer 3 = 6 s");
  expect(report).toContain("**1 of 2 ended**");
});

test("the page needs its two markers", () => {
  expect(() => replaceReport("# The lab\n", "table")).toThrow("lab:begin");
});

function runsOf(caseId: string, times: readonly (number | undefined)[]) {
  return times.map((afterMs) => {
    const rest = { how: undefined, isEarly: false, fault: undefined };
    const outcomes = (["client", "server"] as const).map(
      (side): Outcome => ({ contestant: "holdfast-frame", side, afterMs, ...rest }),
    );
    return { caseId, outcomes };
  });
}
