/** The lab must be able to find Holdfast at fault, or its table says nothing. */
import { expect, test } from "vitest";
import { boundOf, SLACK_MS } from "./bounds.ts";
import { CASES } from "./cases/case-list.ts";
import { type FaultTimes, type LabCase, STANDARD } from "./cases/lab-case.ts";
import { type End, outcomeOf } from "./verdict.ts";

const FAULT_AT_MS = 100_000;
const TIMES: FaultTimes = { beganAtMs: FAULT_AT_MS - 10, faultAtMs: FAULT_AT_MS };
const WATCHED_MS = 60_000;

function caseOf(id: string): LabCase {
  const found = CASES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no case ${id}`);
  return found;
}

function endAfter(ms: number, facts: Partial<End> = {}): End {
  const atMs = FAULT_AT_MS + ms;
  return { atMs, how: "PEER_SILENT", heardAtMs: FAULT_AT_MS - 500, ourLatenessMs: 0, ...facts };
}

test("bounds are the sums that the documents give", () => {
  expect(boundOf("client", "frame", STANDARD).ms).toBe(3_000 + 3_000);
  expect(boundOf("client", "line", STANDARD).ms).toBe(3_000 + 3_000);
  expect(boundOf("server", "frame", STANDARD).ms).toBe(3_000 + 2_000 + 3_000);
  expect(boundOf("server", "line", STANDARD).ms).toBe(8_000);
  const long = { ...STANDARD, intervalMs: 60_000, timeoutMs: 50_000, serverAnswerMs: 7_000 };
  // The lease is clamped to what the server grants, and grace is a tenth of it.
  expect(boundOf("server", "frame", long).ms).toBe(50_000 + 5_000 + 7_000);
  // What is measured is at most 15 s.
  expect(boundOf("client", "frame", { ...long, clientAnswerMs: false }).ms).toBe(75_000);
});

test("an end within the bound and the slack is as promised; one after it is not", () => {
  const latest = 6_000 + SLACK_MS;
  const partition = caseOf("partition-idle");
  const outcome = (end: End | undefined): string | undefined =>
    outcomeOf(partition, "holdfast-frame", "client", end, TIMES, WATCHED_MS).fault;
  expect(outcome(endAfter(latest))).toBeUndefined();
  expect(outcome(endAfter(latest + 1))).toContain("bound 6000 ms");
  expect(outcome(endAfter(latest + 100, { ourLatenessMs: 100 }))).toBeUndefined();
  expect(outcome(undefined)).toContain("no end in 60 s");
});

test("an end with the wrong code is a fault, however quick", () => {
  const end = endAfter(100, { how: "PEER_VANISHED" });
  const partition = caseOf("partition-idle");
  const { fault } = outcomeOf(partition, "holdfast-line", "server", end, TIMES, WATCHED_MS);
  expect(fault).toBe(
    "partition-idle: holdfast-line server: ended after 100 ms with PEER_VANISHED, not PEER_SILENT",
  );
});

test("an end before the fault is a false death, in every case", () => {
  for (const labCase of CASES) {
    const found = outcomeOf(labCase, "holdfast-frame", "client", endAfter(-20), TIMES, WATCHED_MS);
    expect(found.isEarly).toBe(true);
    expect(found.fault).toContain("before anything happened");
  }
});

test("where nothing is wrong any end is a fault", () => {
  for (const id of ["loss-5-percent", "suspended-client", "suspended-server"]) {
    const of = (end: End | undefined): string | undefined =>
      outcomeOf(caseOf(id), "holdfast-line", "client", end, TIMES, WATCHED_MS).fault;
    expect(of(undefined)).toBeUndefined();
    expect(of(endAfter(30_000))).toContain("nothing was wrong");
  }
});

test("after a sleep the time is taken from the wake, and the sleep is no excuse", () => {
  const times = { ...TIMES, wokeAtMs: FAULT_AT_MS + 10_000 };
  const lost = caseOf("suspended-client-peer-lost");
  const of = (end: End): ReturnType<typeof outcomeOf> =>
    outcomeOf(lost, "holdfast-frame", "client", end, times, WATCHED_MS);
  expect(of(endAfter(13_000))).toMatchObject({ afterMs: 3_000, fault: undefined });
  expect(of(endAfter(16_500, { ourLatenessMs: 10_000 })).fault).toContain("bound 6000 ms");
});

test("a forgotten flow is timed from the last byte that was heard over it", () => {
  const end = endAfter(7_000, { heardAtMs: FAULT_AT_MS + 1_500 });
  const { afterMs, fault } = outcomeOf(
    caseOf("nat-expired"),
    "holdfast-frame",
    "client",
    end,
    TIMES,
    WATCHED_MS,
  );
  expect(afterMs).toBe(5_500);
  expect(fault).toBeUndefined();
});

test("others are timed and not judged", () => {
  const late = endAfter(50_000, { how: "ETIMEDOUT" });
  const outcome = outcomeOf(caseOf("partition-idle"), "net", "client", late, TIMES, WATCHED_MS);
  expect(outcome).toMatchObject({ afterMs: 50_000, how: "ETIMEDOUT", fault: undefined });
});
