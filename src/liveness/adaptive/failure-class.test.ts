import { expect, test } from "vitest";
import { type Comeback, type ConnectionEnd, judgeFailure } from "./failure-class.ts";

const SILENT: ConnectionEnd = {
  how: "silent",
  heardMsAgo: 305_000,
  spokeMsAgo: 5_000,
  pingMsAgo: 5_000,
  pingSeq: 7,
  pingIdleMs: 300_000,
  srttMs: 50,
  ourLatenessMs: 0,
};
const IDLE: Partial<ConnectionEnd> = {
  heardMsAgo: 200_000,
  spokeMsAgo: 200_000,
  pingMsAgo: undefined,
  pingSeq: undefined,
  pingIdleMs: undefined,
};
const BACK: Comeback = {
  failedDials: 0,
  offlineMs: 300,
  handshakeMs: 200,
  serverRestarted: undefined,
  networkChanged: false,
  report: undefined,
};
const OPEN = { state: "open", lastPingSeq: 6, lastHeardMsAgo: 306_000, code: undefined } as const;

const judged = (end: Partial<ConnectionEnd>, back: Partial<Comeback> = {}): unknown[] => {
  const { class: name, broken } = judgeFailure({ ...SILENT, ...end }, { ...BACK, ...back });
  return broken === undefined ? [name] : [name, broken.gapMs, broken.strength];
};

test("what has another explanation is no evidence about the path", () => {
  expect(judged({}, { networkChanged: true })).toEqual(["network-changed"]);
  expect(judged({ how: "ours" })).toEqual(["own-stall"]);
  expect(judged({ how: "told" })).toEqual(["server"]);
  expect(judged({ how: "reset", ...IDLE }, { serverRestarted: true })).toEqual(["server"]);
  expect(judged({}, { failedDials: 1 })).toEqual(["network-down"]);
  expect(judged({}, { handshakeMs: 1_200 })).toEqual(["network-down"]);
  expect(judged({ how: "other" })).toEqual(["unexplained"]);
});

test("our lateness counts from a second, or a tenth of the gap, on", () => {
  expect(judged({ ourLatenessMs: 29_000 })[0]).toBe("unheard");
  expect(judged({ ourLatenessMs: 31_000 })[0]).toBe("own-stall");
  expect(judged({ ourLatenessMs: 1_100, pingIdleMs: 5_000 })[0]).toBe("own-stall");
});

test("a slow path is not in trouble because its handshake takes four of its round trips", () => {
  expect(judged({ srttMs: 600 }, { handshakeMs: 2_600 })[0]).toBe("unheard");
});

test("silence is weak without a report, strong with one, nothing where the ping arrived", () => {
  expect(judged({})).toEqual(["unheard", 300_000, "weak"]);
  const unknown = { ...OPEN, state: "unknown" } as const;
  expect(judged({}, { report: unknown })).toEqual(["unheard", 300_000, "weak"]);
  expect(judged({}, { report: OPEN })).toEqual(["swallowed", 300_000, "strong"]);
  expect(judged({}, { report: { ...OPEN, lastPingSeq: 7 } })).toEqual(["answer-lost"]);
  expect(judged({ pingIdleMs: undefined })).toEqual(["unexplained"]);
});

test("a server that ended it for its own reason says so; one that lost its peer does not", () => {
  const ended = { ...OPEN, state: "ended" } as const;
  expect(judged({}, { report: { ...ended, code: "OVERLOADED" } })).toEqual(["server"]);
  expect(judged({}, { report: { ...ended, code: "PEER_SILENT" } })[0]).toBe("swallowed");
});

test("a cut in the midst of silence names the gap, and is certain if the server denies it", () => {
  expect(judged({ how: "finished", ...IDLE })).toEqual(["cut-while-idle", 200_000, "strong"]);
  expect(judged({ how: "reset", ...IDLE }, { report: OPEN })).toEqual([
    "cut-while-idle",
    200_000,
    "certain",
  ]);
  expect(judged({ how: "reset", ...IDLE, heardMsAgo: undefined })).toEqual(["unexplained"]);
});

test("a reset that answers a ping within two round trips is certain, a late one is not", () => {
  expect(judged({ how: "reset", pingMsAgo: 60 })).toEqual(["reset-on-send", 300_000, "certain"]);
  expect(judged({ how: "reset", pingMsAgo: 3_000 })).toEqual(["unexplained"]);
  expect(judged({ how: "finished", pingMsAgo: 60 })).toEqual(["unexplained"]);
});
