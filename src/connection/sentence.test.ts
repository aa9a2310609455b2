import { expect, test } from "vitest";
import { ERRORS } from "../base/errors.ts";
import type { EndEvidence, EndFacts } from "./end-record.ts";
import { endSentence } from "./sentence.ts";

const EVIDENCE: EndEvidence = {
  heardMsAgo: 60_200,
  spokeMsAgo: 10_100,
  movedMsAgo: undefined,
  queuedBytes: 0,
  unackedBytes: undefined,
  pingsOutstanding: 1,
  pingMsAgo: 10_100,
  rttMs: 3,
  srttMs: 3,
  leaseMs: 30_000,
  ourLatenessMs: 0,
  unreadMs: 0,
  heldForMassExpiry: false,
  verdict: "dead",
  bytesIn: 1,
  bytesOut: 1,
  messagesIn: 0,
  messagesOut: 0,
  pingsIn: 1,
  lastPingSeqIn: 1,
  droppedAnswers: 0,
};

const FACTS: EndFacts = {
  code: "PEER_SILENT",
  by: "fault",
  detail: "",
  peerSaid: undefined,
  cause: undefined,
  dialect: "frame",
  livedMs: 100_000,
  wasOpen: true,
  evidence: EVIDENCE,
  orderly: false,
  undelivered: [],
  unwritten: [],
};

test("silence is told with the promise, the question and their times", () => {
  expect(endSentence(FACTS)).toBe(
    "closed after 60.2 s of silence: the peer promised a byte within 30.0 s and did not answer " +
      "the ping sent 10.1 s ago",
  );
});

test("a line peer promised nothing, and bytes on the way are told", () => {
  const evidence = { ...EVIDENCE, pingMsAgo: undefined, leaseMs: 60_000, unackedBytes: 512 };
  expect(endSentence({ ...FACTS, dialect: "line", evidence })).toBe(
    "closed after 60.2 s of silence: the peer had 60.0 s to say a byte, " +
      "with 512 bytes unacknowledged",
  );
});

test("our own lateness, what we did not read and a second look are told", () => {
  const ours = { ourLatenessMs: 1_500, unreadMs: 20_000 };
  const evidence = { ...EVIDENCE, ...ours, heldForMassExpiry: true };
  const sentence = endSentence({ ...FACTS, evidence });
  expect(sentence).toContain("1.5 s of it our own lateness");
  expect(sentence).toContain("20.0 s of it unread by us");
  expect(sentence).toContain("after a second look since many expired together");
});

test("what we did not read explains a silence, and no other end", () => {
  const evidence = { ...EVIDENCE, unreadMs: 20_000 };
  expect(endSentence({ ...FACTS, code: "CLOSED_BY_PEER", evidence })).not.toContain("unread");
});

test("what was lost is counted", () => {
  const one = endSentence({ ...FACTS, undelivered: ["a"] });
  expect(one).toMatch(/; 1 message is undelivered$/);
  const two = endSentence({ ...FACTS, undelivered: ["a"], unwritten: ["b"] });
  expect(two).toMatch(/; 2 messages are undelivered$/);
});

test("the peer's words are escaped, and not repeated when they are ours", () => {
  const code = "DRAINED";
  const rude = { code, reason: "bye\u001b]52;c;aGk=\u0007" };
  const facts = { ...FACTS, code, by: "peer", peerSaid: rude } as const;
  expect(endSentence(facts)).toContain(String.raw`the peer said "bye\x1b]52;c;aGk=\x07"`);
  const polite = { code, reason: ERRORS.DRAINED.means };
  expect(endSentence({ ...facts, peerSaid: polite })).toBe(`closed by the peer: ${polite.reason}`);
});

test("every code has a sentence that begins with what happened", () => {
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    for (const by of ["here", "peer", "fault"] as const) {
      const sentence = endSentence({ ...FACTS, code, by, detail: "why" });
      expect(sentence).toMatch(/^closed/);
      expect(sentence).not.toMatch(/undefined|NaN|\n/);
    }
  }
});
