import { expect, test } from "vitest";
import { Ends } from "./ends.ts";

function end(code: string, heardMsAgo: number, ourLatenessMs = 0): string {
  return JSON.stringify({ time: "", event: "end", code, evidence: { heardMsAgo, ourLatenessMs } });
}

test("ends are counted by code, and those for silence are held against their bound", () => {
  const ends = new Ends(1_000);
  for (const line of [
    end("PEER_SILENT", 1_010),
    end("PEER_SILENT", 1_080),
    end("PEER_SILENT", 1_400, 400),
    end("CLOSED_BY_PEER", 3),
  ]) {
    expect(ends.hear(line)).toBe(true);
  }
  expect(ends.byCode).toEqual({ PEER_SILENT: 3, CLOSED_BY_PEER: 1 });
  expect(ends.silent).toEqual({
    count: 3,
    earliestMs: 1_010,
    latestMs: 1_400,
    beyondBoundMs: 55,
    ourLatenessMsMax: 400,
  });
});

test("what answers an order passes, arrivals do not, and notices are kept", () => {
  const ends = new Ends(1_000);
  expect(ends.hear('{"time":"","event":"listening","urls":[]}')).toBe(false);
  expect(ends.hear('{"time":"","event":"accepted","id":"1"}')).toBe(true);
  expect(ends.hear('{"time":"","event":"notice","text":"this process was late"}')).toBe(true);
  expect(ends.notices).toEqual(["this process was late"]);
  expect(ends.silent).toMatchObject({ count: 0, earliestMs: 0, beyondBoundMs: 0 });
});
