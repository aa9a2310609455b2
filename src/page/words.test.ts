/** What a page says of ends: the codes that servers may give, and sentences that are safe. */
import { expect, test } from "vitest";
import { ERRORS } from "../base/errors.ts";
import { printable as wholePrintable } from "../base/printable.ts";
import { endingSaid } from "../connection/ending.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { printable } from "./printable.ts";
import { codeSaid, endSentence, linkSentence } from "./words.ts";

test("a server may put the same codes into a record as elsewhere", () => {
  for (const code of [...Object.keys(ERRORS), "NEVER_HEARD_OF", "", "DRAIN", "URL_"]) {
    expect(codeSaid(code), code).toBe(endingSaid(code).code);
  }
});

const EVIDENCE = { heardMsAgo: 1_234, pingMsAgo: 950, ourLatenessMs: 50 } as EndRecord["evidence"];
const RECORD = {
  code: "PEER_SILENT",
  by: "fault",
  peerSaid: undefined,
  undeliveredCount: 2,
  evidence: EVIDENCE,
} as unknown as Omit<EndRecord, "sentence">;

test("a sentence says the code in words, and what is known beside it", () => {
  expect(endSentence(RECORD, "")).toBe(
    "peer silent; the last byte came 1.2 s ago; a ping is unanswered for 0.9 s; " +
      "0.1 s of it is our own lateness; undelivered messages: 2",
  );
  const quiet = { ...RECORD, undeliveredCount: 0, evidence: { ourLatenessMs: 0 } };
  const said = { ...quiet, by: "peer", peerSaid: { code: "4000", reason: "\u202egone" } };
  expect(endSentence(said as typeof RECORD, "why")).toBe(
    'closed by the peer: peer silent (why); the peer said "\\u{202e}gone"',
  );
  expect(endSentence({ ...quiet, by: "here" } as typeof RECORD, "")).toBe(
    "closed by this side: peer silent",
  );
});

test("a link that was asked to end says only that", () => {
  const last = { code: "DIAL_FAILED", sentence: "cannot reach it", hint: "look", url: "" } as const;
  const cause = { ...last, record: undefined, error: undefined };
  expect(linkSentence("CLOSED_HERE", "\u001b[2J", 3, cause)).toBe("closed here: \\u{1b}[2J");
  expect(linkSentence("ABORTED", "", 3, cause)).toBe("aborted");
  expect(linkSentence("GAVE_UP", "", 3, undefined)).toBe("gave up");
  expect(linkSentence("GAVE_UP", "", 3, cause)).toBe(
    "gave up, after 3 attempts; last: cannot reach it; look",
  );
});

/** What Unicode keeps free is no character yet, and a page takes it for harmless. */
const UNASSIGNED = /\p{Cn}/u;

test("what could fake a line or turn the reading is an escape, as elsewhere", () => {
  const different: string[] = [];
  for (let code = 0; code <= 0x10_ff_ff; code++) {
    const text = String.fromCodePoint(code);
    const shown = wholePrintable(text);
    if (shown !== text && printable(text) === text && !UNASSIGNED.test(text))
      different.push(code.toString(16));
  }
  expect(different).toEqual([]);
  expect(printable(`${"x".repeat(499)}🐎y`)).toBe(`${"x".repeat(499)}🐎…`);
});
