import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import type { CrowdResult } from "./results.ts";
import { brokenPromises, crowdPage, crowdTable } from "./table.ts";

const RESULT: CrowdResult = {
  format: 1,
  commit: "0123456789",
  date: "2026-01-02",
  machine: { cpu: "", cores: 2, memoryBytes: 0, kernel: "", node: "v20.0.0", pinned: undefined },
  amounts: {
    connections: 10_000,
    frozen: 100,
    workers: 3,
    everyMs: 10_000,
    timeoutMs: 20_000,
    settleMs: 15_000,
  },
  servers: "workers",
  openSeconds: 2.5,
  residentBytesBefore: 100 * 1024 ** 2,
  residentBytes: 100 * 1024 ** 2 + 10_000 * 4_096,
  cpuSeconds: 0.75,
  cpuWindowSeconds: 15,
  beatsPerSecond: 1_000,
  endsByCode: { PEER_SILENT: 100 },
  silent: {
    count: 100,
    earliestMs: 20_010,
    latestMs: 20_080,
    beyondBoundMs: 55,
    ourLatenessMsMax: 0,
  },
  stoppedEnded: 50,
  mutedEnded: 50,
  mutedLatestMs: 20_082,
  othersOpen: 9_900,
  othersEnded: 0,
  notices: [],
};

test("the report tells what was found, in plain units", () => {
  const said = crowdTable(RESULT);
  expect(said).toContain("10,000, 3 workers on one port");
  expect(said).toContain("139 MiB, 4.00 KB for each connection");
  expect(said).toContain("5.0 % of a core for 1,000 beats per second, 50 us each");
  expect(said).toContain("20,010 to 20,080 ms (timeout 20,000); beyond the bound: 55 ms");
  expect(said).toContain("PEER_SILENT 100");
});

test("whatever did not happen as promised is a sentence, and nothing else is", () => {
  expect(brokenPromises(RESULT)).toEqual([]);
  const { silent } = RESULT;
  const wrong: readonly (readonly [Partial<CrowdResult>, RegExp])[] = [
    [{ stoppedEnded: 49 }, /100 fell silent, and 99/],
    [{ othersEnded: 2, othersOpen: 9_898 }, /2 that did beat were ended/],
    [{ othersOpen: 9_899 }, /9899 of 9900/],
    [{ silent: { ...silent, count: 101 } }, /101 records/],
    [{ silent: { ...silent, earliestMs: 19_999 } }, /after 19999 ms/],
    [{ silent: { ...silent, beyondBoundMs: 900 } }, /900 ms after its bound/],
  ];
  for (const [change, words] of wrong) {
    expect(brokenPromises({ ...RESULT, ...change }).join("; ")).toMatch(words);
  }
});

test("the page shows what the published results say", () => {
  const page = readFileSync(join(ROOT, "docs/guides/many-connections.md"), "utf8");
  const results = readFileSync(join(ROOT, "bench/crowd/results.json"), "utf8");
  expect(crowdPage(page, JSON.parse(results) as CrowdResult)).toBe(page);
});
