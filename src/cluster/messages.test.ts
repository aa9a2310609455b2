import { expect, test } from "vitest";
import { readToPrimary, readToWorker } from "./messages.ts";
import { sumStats } from "./stats-sum.ts";

const STATS = sumStats([]);
const USE = { name: "connections", used: 1, wanted: 2, hunger: 1 };

test("what a primary says is taken, and nothing that only looks like it", () => {
  const start = { kind: "start", version: 1, id: 1, work: {}, sharing: "reuse-port" };
  expect(readToWorker({ ...start, parts: [["connections", 5]] })?.kind).toBe("start");
  for (const parts of [undefined, [["speed", 5]], [["connections", -1]], [["connections"]]]) {
    expect(readToWorker({ ...start, parts })).toBeUndefined();
  }
  expect(readToWorker({ kind: "limit", name: "address:::/64", value: 3 })?.kind).toBe("limit");
  for (const odd of [undefined, "drain", { kind: "drain" }, { kind: "toString" }, [], {}]) {
    expect(readToWorker(odd)).toBeUndefined();
  }
});

test("what a worker says is taken, and nothing that only looks like it", () => {
  expect(readToPrimary({ kind: "state", uses: [USE], stats: STATS })?.kind).toBe("state");
  const odd = [
    { kind: "state", uses: [{ ...USE, hunger: 3 }], stats: STATS },
    { kind: "state", uses: [{ ...USE, used: 0.5 }], stats: STATS },
    { kind: "state", uses: Array.from({ length: 2_000 }, () => USE), stats: STATS },
    { kind: "state", uses: [USE], stats: { ...STATS, open: "1" } },
    { kind: "state", uses: [USE], stats: { ...STATS, ended: { DRAINED: -1 } } },
    { kind: "gone" },
    { kind: "lines", text: 5 },
    { kind: "rows", ask: 1, rows: [{}], isLast: true },
  ];
  for (const one of odd) expect(readToPrimary(one)).toBeUndefined();
});

test("statistics add up, codes included", () => {
  const one = { ...STATS, open: 2, ended: { DRAINED: 1 }, rejected: { CONNECTIONS_MAX: 3 } };
  const other = { ...STATS, open: 3, ended: { DRAINED: 4, PEER_SILENT: 1 }, bufferedBytesPeak: 7 };
  const total = { open: 5, ended: { DRAINED: 5, PEER_SILENT: 1 }, bufferedBytesPeak: 7 };
  expect(sumStats([one, other])).toEqual({ ...STATS, ...one, ...total });
});
