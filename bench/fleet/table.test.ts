import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import type { FleetResult, StormResult } from "./results.ts";
import { fleetPage, fleetTables, idealMs } from "./table.ts";

const STORM: StormResult = {
  policy: "the default",
  links: 15_000,
  processes: 3,
  downMs: 1_400,
  acceptsPerSecond: 10_000,
  backMs: 5_250,
  arrivalsPerSecondMax: 3_500,
  arrivalsPerTenthMax: 400,
  linksByDials: [0, 14_000, 900, 100],
};

const RESULT: FleetResult = {
  format: 1,
  commit: "0123456789",
  date: "2026-01-02",
  machine: { cpu: "", cores: 2, memoryBytes: 0, kernel: "", node: "v20.0.0", pinned: undefined },
  links: [
    {
      dialect: "line",
      links: 10_000,
      heapBytesPerLink: 2_048,
      residentBytesPerLink: 5_120,
      onlineMs: 1_500,
      timers: { few: 1, online: 1, waiting: 2 },
      idleShare: 0.0125,
      idleMs: 10_000,
    },
  ],
  storms: [STORM],
};

test("the tables tell what was measured, in the units of their heads", () => {
  const rows = fleetTables(RESULT).split("\n");
  const cells = (word: string): string[] =>
    rows.find((row) => row.startsWith(word))?.split(/ {2,}/) ?? [];
  expect(cells("line")).toEqual(["line", "10,000", "2.00", "5.00", "1.50", "1, 1, 2", "1.25"]);
  expect(cells("the default")).toEqual([
    "the default",
    "15,000",
    "1.40",
    "1.50",
    "5.25",
    "3,500",
    "400",
    "2, 3, 4",
  ]);
});

test("the ideal is what the server would need for all, and nothing else", () => {
  expect(idealMs(STORM)).toBe(1_500);
  expect(fleetTables({ ...RESULT, links: [], storms: [] })).toBe("");
});

test("the page shows what the published results say", () => {
  const page = readFileSync(join(ROOT, "docs/guides/many-connections.md"), "utf8");
  const results = readFileSync(join(ROOT, "bench/fleet/results.json"), "utf8");
  expect(fleetPage(page, JSON.parse(results) as FleetResult)).toBe(page);
});
