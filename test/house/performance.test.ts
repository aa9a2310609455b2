/** The published figures are those of the published run: nobody edits a table by hand. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chartSvg } from "../../bench/report/chart.ts";
import { markdownReport, replaceGenerated } from "../../bench/report/markdown.ts";
import { targetVerdicts } from "../../bench/report/target-verdicts.ts";
import type { RunResult } from "../../bench/results.ts";
import { ROOT } from "../../scripts/house.ts";

const RESULT = JSON.parse(readFileSync(join(ROOT, "bench/performance.json"), "utf8")) as RunResult;
const PAGE = "docs/performance.md";

test("the page has the tables of bench/performance.json; if not, `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  const wanted = replaceGenerated(page, markdownReport(RESULT));
  await expect(wanted).toMatchFileSnapshot(`../../${PAGE}`);
});

test("the chart is that of bench/performance.json; if not, `npm run docs`", async () => {
  await expect(chartSvg(RESULT)).toMatchFileSnapshot("../../docs/performance.svg");
});

test("what is published is a full run of a commit, with nothing missing", () => {
  expect(RESULT.mode).toBe("full");
  expect(RESULT.commit).toMatch(/^[0-9a-f]{10}$/);
  expect(RESULT.amounts.rounds).toBeGreaterThanOrEqual(3);
  expect(RESULT.missing).toEqual([]);
  const ours = RESULT.contenders.filter(({ id }) => /^(?:holdfast|bare)-/.test(id));
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.flatMap(({ faults }) => faults)).toEqual([]);
});

test("what went wrong with others is told on the page", () => {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  for (const fault of RESULT.contenders.flatMap(({ faults }) => faults)) {
    expect(page).toContain(fault);
  }
});

test("each missed target is named by hand, with a sentence that says why", () => {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  const section = /\n## Targets that are missed\n([\s\S]*?)\n(?:## |<!-- bench:begin)/.exec(
    page,
  )?.[1];
  const named = [...(section ?? "").matchAll(/^- \*\*(.+?)\*\*: \S/gm)].map(([, title]) => title);
  const missed = targetVerdicts(RESULT).filter(({ outcome }) => outcome === "missed");
  expect(new Set(named)).toEqual(new Set(missed.map(({ target }) => target.title)));
  expect(named).toHaveLength(missed.length);
});

test("the README shows the chart", () => {
  expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain("(docs/performance.svg)");
  expect(existsSync(join(ROOT, "docs/performance.svg"))).toBe(true);
});
