import { expect, test } from "vitest";
import { PreviousConnections } from "./previous-connections.ts";

const SECRET = "00112233445566778899aabbccddeeff";
const OTHER = "00112233445566778899aabbccddeefe";
const ended = { secret: SECRET, lastPingSeq: 7, heardAtWallMs: 1_000, code: "PEER_SILENT" };

test("who knows the secret learns how the previous connection ended", () => {
  const previous = new PreviousConnections(10);
  previous.remember("a", ended);
  expect(previous.report({ id: "a", secret: SECRET }, 3_500)).toEqual({
    state: "ended",
    lastPingSeq: 7,
    lastHeardMsAgo: 2_500,
    code: "PEER_SILENT",
  });
});

test("a wrong secret learns as little as a wrong id", () => {
  const previous = new PreviousConnections(10);
  previous.remember("a", ended);
  const unknown = previous.report({ id: "b", secret: SECRET }, 0);
  expect(unknown.state).toBe("unknown");
  expect(previous.report({ id: "a", secret: OTHER }, 0)).toEqual(unknown);
  expect(previous.report({ id: "a", secret: "" }, 0)).toEqual(unknown);
});

test("a wall clock that was set back gives an age of 0, never a negative one", () => {
  const previous = new PreviousConnections(10);
  previous.remember("a", ended);
  expect(previous.report({ id: "a", secret: SECRET }, 500).lastHeardMsAgo).toBe(0);
});

test("a connection that never spoke has no age", () => {
  const previous = new PreviousConnections(10);
  previous.remember("a", { ...ended, heardAtWallMs: undefined });
  expect("lastHeardMsAgo" in previous.report({ id: "a", secret: SECRET }, 0)).toBe(false);
});

test("only so many are remembered, the newest", () => {
  const previous = new PreviousConnections(3);
  for (const id of ["a", "b", "c", "d"]) previous.remember(id, ended);
  expect(previous.size).toBe(3);
  expect(previous.report({ id: "a", secret: SECRET }, 0).state).toBe("unknown");
  expect(previous.report({ id: "b", secret: SECRET }, 0).state).toBe("ended");
});
