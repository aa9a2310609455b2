/** The published before-and-after table is that of the published run: nobody edits it by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { GUARDED_PROGRAMS } from "../../test/guarded/guarded-program.ts";
import type { GuardResult } from "./results.ts";
import { guardTable, replaceTable } from "./table.ts";

const RESULT = JSON.parse(
  readFileSync(join(ROOT, "bench/guard/results.json"), "utf8"),
) as GuardResult;
const PAGE = "docs/guides/guard-on-other-servers.md";

test("the page has the table of bench/guard/results.json; if not, `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, PAGE), "utf8");
  await expect(replaceTable(page, guardTable(RESULT))).toMatchFileSnapshot(`../../${PAGE}`);
});

test("what is published is a whole run of a commit, in which guard ended nobody who lived", () => {
  expect(RESULT.commit).toMatch(/^[0-9a-f]{10}$/);
  expect(RESULT.programs.map(({ id }) => id)).toEqual(GUARDED_PROGRAMS.map(({ id }) => id));
  for (const { id, stalls, partition } of RESULT.programs) {
    expect(stalls, id).toMatchObject({ live: 300, stalls: 3, endedWith: 0 });
    expect(partition?.foundAfterMs.guard, id).toHaveLength(partition?.copies ?? -1);
    expect(partition?.foundAfterMs.bare, id).toEqual([]);
  }
});

test("a row tells what was found and what was not", () => {
  const memory = { heapBytes: 2_000, residentBytes: 10_000 };
  const found = { bare: [], control: [2_000, 3_100], guard: [2_900, 3_000, 3_250] };
  const table = guardTable({
    commit: "0123456789",
    date: "2026-01-02",
    machine: "a machine",
    connections: [100, 200],
    programs: [
      {
        id: "ws-echo",
        stalls: { live: 300, stalls: 3, stallMs: 3_500, endedWithout: 254, endedWith: 0 },
        partition: { copies: 3, watchedMs: 20_000, foundAfterMs: found },
        overhead: {
          without: memory,
          with: { heapBytes: 3_000, residentBytes: 10_500 },
          cpuUsPerMessageWithout: 20,
          cpuUsPerMessageWith: 21,
        },
      },
    ],
  });
  expect(table).toContain("- **commit**: 0123456789, 2026-01-02\n");
  const cells = [
    "254 of 300; **0**",
    "not in 20.0 s; 3.1 s, 1 of 3 not in 20.0 s; **3.3 s**",
    "2.0 KB; 3.0 KB (x 1.50)",
    "10.0 KB; 10.5 KB (x 1.05)",
    "1.05",
  ];
  expect(table).toContain(`| ${cells.join(" | ")} |`);
});

test("the page needs its two markers", () => {
  expect(() => replaceTable("# Guard\n", "table")).toThrow("guard:begin");
});
