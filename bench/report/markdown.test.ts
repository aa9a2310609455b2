import { describe, expect, test } from "vitest";
import { markdownReport, replaceGenerated } from "./markdown.ts";
import { SAMPLE_RESULT } from "./sample-result.ts";
import { terminalReport } from "./terminal.ts";

const REPORT = markdownReport(SAMPLE_RESULT);

/** Lines of each table; bars behind a backslash are no borders. */
function tablesOf(report: string): string[][][] {
  return report
    .split("\n\n")
    .filter((block) => block.startsWith("|"))
    .map((block) => block.split("\n").map(cellsOf));
}

function cellsOf(line: string): string[] {
  expect(line).toMatch(/^\| .* \|$/);
  return line
    .slice(2, -2)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

describe("markdownReport", () => {
  test("its tables have as many cells in each row as in their head", () => {
    const tables = tablesOf(REPORT);
    expect(tables.length).toBeGreaterThanOrEqual(9);
    for (const [head = [], rule = [], ...rows] of tables) {
      expect(rule.every((cell) => /^-{3}:?$/.test(cell))).toBe(true);
      expect(head.length).toBeLessThanOrEqual(8);
      for (const row of [rule, ...rows]) expect(row).toHaveLength(head.length);
      expect(head.every((cell) => cell !== "")).toBe(true);
    }
  });

  test("names every contender, every missing one and every fault", () => {
    const lines = REPORT.split("\n");
    for (const { title } of [...SAMPLE_RESULT.contenders, ...SAMPLE_RESULT.missing]) {
      const name = title.replaceAll("<", "&lt;");
      expect(
        lines.some((line) => line.startsWith(`- ${name} (`)),
        title,
      ).toBe(true);
    }
    expect(REPORT).toContain("- socket.io 4.8, Node 20: round 2: exited with code 1");
  });

  test("says what the terminal says: the same heads, the same marks", () => {
    const printed = terminalReport(SAMPLE_RESULT);
    const titles = [...printed.matchAll(/^(.+)\n=+$/gm)].map(([, title]) => title);
    expect([...REPORT.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(titles);
    expect(REPORT.split("†")).toHaveLength(printed.split("†").length);
  });

  test("sets spreads small, behind the mark", () => {
    expect(REPORT).toContain("| 171,700 <sub>±4%</sub> |");
    expect(REPORT).toContain("| 152,700† <sub>±4%</sub> |");
  });

  test("text of others breaks neither a table nor a page", () => {
    const hostile = "a|b `c|d`\n## e <!-- bench:end --> \\ *f* [g](h)";
    const report = markdownReport({
      ...SAMPLE_RESULT,
      contenders: SAMPLE_RESULT.contenders.map((one) => ({ ...one, title: hostile })),
    });
    for (const [head = [], ...rows] of tablesOf(report)) {
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
    const escaped = "\\\\ \\*f\\* \\[g\\](h)";
    expect(report).toContain(`| a\\|b \`c\\|d\` ## e &lt;!-- bench:end --> ${escaped} |`);
    expect(report.match(/^## /gm)).toHaveLength(REPORT.match(/^## /gm)?.length ?? 0);
  });
});

describe("replaceGenerated", () => {
  const BEGIN = "<!-- bench:begin -->";
  const END = "<!-- bench:end -->";
  const page = `# Title\n\nBefore.\n\n${BEGIN}\nold\n${END}\n\nAfter.\n`;

  test("keeps the prose around, and replaces all that was between", () => {
    expect(replaceGenerated(page, "new\n")).toBe(
      `# Title\n\nBefore.\n\n${BEGIN}\n\nnew\n\n${END}\n\nAfter.\n`,
    );
  });

  test("changes nothing when done twice, and takes signs of money for what they are", () => {
    const generated = "$& $1 $$ `x`";
    const once = replaceGenerated(page, generated);
    expect(once).toContain(generated);
    expect(replaceGenerated(once, generated)).toBe(once);
  });

  test("a whole report can be put into a page again and again", () => {
    const once = replaceGenerated(page, REPORT);
    expect(replaceGenerated(once, REPORT)).toBe(once);
  });

  test("a marker within a line of prose is prose", () => {
    const told = `Between ${BEGIN} and ${END} all is generated.\n${page}`;
    expect(replaceGenerated(told, "new")).toContain(`Between ${BEGIN} and ${END} all`);
  });

  test("says which marker is missing or doubled, or that they are swapped", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [`${END}\n`, /no line <!-- bench:begin -->/],
      [`${BEGIN}\n`, /no line <!-- bench:end -->/],
      [`${BEGIN}\n${BEGIN}\n${END}\n`, /<!-- bench:begin --> 2 times/],
      [`${BEGIN}\n${END}\n${END}\n`, /<!-- bench:end --> 2 times/],
      [`${END}\n${BEGIN}\n`, /before/],
    ];
    for (const [broken, expected] of cases) {
      expect(() => replaceGenerated(broken, "new")).toThrow(expected);
    }
  });
});
