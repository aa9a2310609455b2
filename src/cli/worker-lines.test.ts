import { expect, test } from "vitest";
import { clockText, reportJson, reportText } from "./report-lines.ts";
import { connectionTable } from "./table.ts";
import { changeLine } from "./worker-lines.ts";

const WALL = Date.UTC(2026, 0, 2, 3, 4, 5);
const NOW = clockText(WALL);
const ENDED = { what: "ended", worker: 1, pid: 7, code: null, signal: "SIGKILL", lost: 3 } as const;

test("what happens to workers is told in lines like the others", () => {
  const lines = [
    [{ what: "up", worker: 12, pid: 8, replaces: 1 }, "w12          worker   pid 8 listens in pl"],
    [
      { ...ENDED, isOrderly: false },
      "w1           worker   pid 7 ended by SIGKILL, and with it 3 c",
    ],
    [{ ...ENDED, isOrderly: true }, "w1           worker   pid 7 has drained"],
    [
      { what: "waits", delayMs: 1_500, replaces: 1 },
      "             worker   they end too quickly: ",
    ],
    [{ what: "failed", text: "no\u001b" }, "             worker   one was started and did not com"],
    [{ what: "notice", text: "hello" }, "             notice   hello"],
  ] as const;
  for (const [told, line] of lines) {
    const text = changeLine(told, false, WALL);
    expect(text?.slice(0, NOW.length + 1 + line.length)).toBe(`${NOW} ${line}`);
    expect(text).not.toContain("\u001b");
  }
});

test("as JSON they carry what a program wants to know", () => {
  const line = changeLine({ ...ENDED, isOrderly: false }, true, WALL);
  expect(JSON.parse(line ?? "")).toEqual({
    time: "2026-01-02T03:04:05.000Z",
    event: "worker",
    worker: 1,
    state: "ended",
    pid: 7,
    lost: 3,
    text: "pid 7 ended by SIGKILL, and with it 3 connections",
  });
  const roll = changeLine({ what: "roll", phase: "begins" }, true, WALL);
  expect(JSON.parse(roll ?? "")).toMatchObject({ event: "worker", state: "roll-begins" });
});

test("each line of a worker says which one it is", () => {
  const report = { event: "dropped", counts: { beat: 5, open: 1 } } as const;
  expect(reportText(report, NOW, 3)).toBe(
    `${NOW} w3           dropped  lines that nobody read in time: 5 of "beat", 1 of "open"`,
  );
  expect(JSON.parse(reportJson(report, WALL, 100, 3))).toMatchObject({
    event: "dropped",
    worker: 3,
    counts: { beat: 5, open: 1 },
  });
});

test("the table of several processes has a column for them", () => {
  const row = {
    worker: 2,
    id: "0123456789",
    address: "unix",
    dialect: "line",
    verdict: "alive",
    heardMsAgo: 1_000,
    leaseMs: 60_000,
    bytesIn: 1,
    bytesOut: 2,
  };
  expect(connectionTable([row, { ...row, worker: 11 }]).split("\n")).toEqual([
    "worker  id        address  dialect  verdict  last seen  lease  in      out",
    "w2      01234567  unix     line     alive    1 s ago    60 s   1 byte  2 bytes",
    "w11     01234567  unix     line     alive    1 s ago    60 s   1 byte  2 bytes",
    "2 connections",
  ]);
});
