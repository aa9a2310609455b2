import { expect, test } from "vitest";
import { type Ending, type GuardEvidence, guardSentence } from "./guard-record.ts";

const EVIDENCE: GuardEvidence = {
  heardMsAgo: 60_200,
  spokeMsAgo: undefined,
  movedMsAgo: undefined,
  queuedBytes: 0,
  unackedBytes: undefined,
  pingMsAgo: undefined,
  rttMs: undefined,
  srttMs: undefined,
  timeoutMs: 60_000,
  ourLatenessMs: 0,
  unreadMs: 0,
  heldForMassExpiry: false,
  verdict: "dead",
  isJudged: true,
  bytesIn: 10,
  bytesOut: 0,
};

const ENDING: Ending = {
  code: "PEER_SILENT",
  by: "fault",
  detail: "",
  cause: undefined,
  peerSaid: undefined,
};

const SENTENCES: readonly [string, Partial<Ending>, Partial<GuardEvidence>][] = [
  ["ended after 60.2 s of silence: the peer had 60.0 s to say a byte", {}, {}],
  [
    "ended after 60.2 s of silence: the peer had 60.0 s to say a byte and did not answer the " +
      "ping sent 30.0 s ago, with 7 bytes unacknowledged, 1.5 s of it our own lateness, after a " +
      "second look since many expired together",
    {},
    { pingMsAgo: 30_000, unackedBytes: 7, ourLatenessMs: 1_500, heldForMassExpiry: true },
  ],
  [
    "ended after 90.0 s of silence: the peer had 60.0 s to say a byte, 29.5 s of it unread by us",
    {},
    { heardMsAgo: 90_000, unreadMs: 29_500 },
  ],
  [
    // A ping before the last byte says nothing about the silence after it.
    "ended after 60.2 s of silence: the peer had 60.0 s to say a byte",
    {},
    { pingMsAgo: 70_000 },
  ],
  [
    "ended after 90.0 s of silence: the peer had 60.0 s to say a byte",
    {},
    { heardMsAgo: undefined },
  ],
  [
    "ended: the peer spoke 0.2 s ago but took nothing of the 99 bytes queued for it",
    { code: "PEER_TAKES_NOTHING" },
    { heardMsAgo: 200, queuedBytes: 99 },
  ],
  [
    "ended: the peer took nothing of the 99 bytes queued for it",
    { code: "PEER_TAKES_NOTHING" },
    { heardMsAgo: undefined, queuedBytes: 99 },
  ],
  [
    'closed by the peer; the peer said 4000 "bye\\x1b[2J"',
    { code: "CLOSED_BY_PEER", peerSaid: { code: 4_000, reason: "bye\u001b[2J" } },
    {},
  ],
  [
    "closed by the peer; the peer said 1000",
    { code: "CLOSED_BY_PEER", peerSaid: { code: 1_000, reason: "" } },
    { unreadMs: 29_500 },
  ],
  [
    "closed by the peer; the peer said 1000",
    { code: "CLOSED_BY_PEER", peerSaid: { code: 1_000, reason: "" } },
    {},
  ],
  ["closed by this side: a\\nb", { code: "CLOSED_HERE", detail: "a\nb" }, {}],
  [
    "ended: the operating system gave the connection up: ETIMEDOUT",
    { code: "TRANSPORT_FAILED", detail: "ETIMEDOUT" },
    {},
  ],
  [
    "ended: the stream ended without a close frame; the last byte came 60.2 s ago",
    { code: "PEER_VANISHED" },
    {},
  ],
];

test.each(SENTENCES)("%s", (sentence, ending, evidence) => {
  const whole = { ...EVIDENCE, ...evidence };
  expect(guardSentence({ ...ENDING, ...ending }, whole, 90_000)).toBe(sentence);
});
