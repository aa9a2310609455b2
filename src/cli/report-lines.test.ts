import { expect, test } from "vitest";
import type { EndRecord } from "../connection/end-record.ts";
import { kernelText } from "./kernel-lines.ts";
import { clockText, messageText, type Report, reportJson, reportText } from "./report-lines.ts";
import { startLines, summaryLines } from "./serve-lines.ts";
import { connectionTable } from "./table.ts";

const ID = "0123456789abcdef0123456789abcdef";
const WHOLE = Number.POSITIVE_INFINITY;
/** Clipboard by OSC 52, an 8-bit CSI, a carriage return, a fake line. */
const EVIL = "\u001b]52;c;aGk=\u0007\u009b2J\rfake\nline\u202e\u2028";

const record = {
  id: ID,
  code: "PEER_SILENT",
  by: "fault",
  sentence: "closed after 60.2 s of silence: \\x1b",
  peerSaid: { code: "X", reason: EVIL },
  remote: "192.0.2.7:4711",
  dialect: "line",
  cause: new Error("ETIMEDOUT"),
  undelivered: ["kept back"],
  undeliveredCount: 1,
} as unknown as EndRecord;

const OPEN = { event: "open", id: ID, address: "192.0.2.7:4711", dialect: "line" } as const;

const REPORTS: readonly (readonly [Report, string])[] = [
  [
    { event: "accepted", id: ID, address: "192.0.2.7:4711" },
    "01234567 accepted from 192.0.2.7:4711",
  ],
  [
    { ...OPEN, transport: "tcp", tls: undefined },
    "01234567 open     192.0.2.7:4711 speaks the line dialect",
  ],
  [
    { ...OPEN, transport: "tls", tls: "TLSv1.3" },
    "01234567 open     192.0.2.7:4711 speaks the line dialect over TLSv1.3",
  ],
  [
    { ...OPEN, transport: "websocket", tls: "TLSv1.2" },
    "01234567 open     192.0.2.7:4711 speaks the line dialect over WebSocket and TLSv1.2",
  ],
  [{ event: "message", id: ID, data: "hello" }, "01234567 message  hello"],
  [
    { event: "verdict", id: ID, dialect: "frame", verdict: "suspect", was: "alive" },
    "01234567 suspect  no sign of life in time; it is being asked",
  ],
  [
    { event: "verdict", id: ID, dialect: "line", verdict: "suspect", was: "alive" },
    "01234567 suspect  no sign of life, and its time is nearly over",
  ],
  [
    { event: "beat", id: ID, beat: { of: "ours", seq: 3, rttMs: 2.4, nextMs: 0 } },
    "01234567 beat     3, answered in 2 ms",
  ],
  [
    { event: "beat", id: ID, beat: { of: "theirs", seq: 4, rttMs: undefined, nextMs: 30_000 } },
    "01234567 beat     4, ping heard, the next is due within 30 s",
  ],
  [
    { event: "rejected", code: "ADDRESS_MAX", address: "192.0.2.7" },
    "         rejected 192.0.2.7 (ADDRESS_MAX)",
  ],
  [{ event: "notice", text: "late" }, "         notice   late"],
];

test.each(REPORTS)("as text: $event", (report, text) => {
  expect(reportText(report, "12:03:04")).toBe(`12:03:04 ${text}`);
});

test("the end of a connection shows its sentence", () => {
  expect(reportText({ event: "end", record }, "12:03:04")).toMatch(
    /^12:03:04 01234567 end {6}closed after 60\.2 s of silence: \\x1b$/,
  );
});

test("nothing that a peer says can steer a terminal or fake a line", () => {
  const steering = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/u;
  for (const report of [
    { event: "message", id: ID, data: EVIL },
    { event: "end", record },
    { event: "notice", text: EVIL },
  ] as const) {
    expect(reportText(report, "12:03:04")).not.toMatch(steering);
    expect(reportJson(report, 0, WHOLE)).not.toMatch(steering);
  }
  expect(messageText(EVIL)).toBe("\\x1b]52;c;aGk=\\x07\\x9b2J\\rfake\\nline\\u{202e}\\u{2028}");
});

test("JSON keeps messages whole for programs and cuts them for people", () => {
  const report: Report = { event: "message", id: ID, data: EVIL };
  expect(JSON.parse(reportJson(report, 0, WHOLE))).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    event: "message",
    id: ID,
    text: EVIL,
  });
  expect(JSON.parse(reportJson(report, 0, 5))).toMatchObject({
    text: EVIL.slice(0, 5),
    cut: true,
  });
  const bytes: Report = { event: "message", id: ID, data: Uint8Array.of(1, 2, 3) };
  expect(JSON.parse(reportJson(bytes, 0, WHOLE))).toMatchObject({ base64: "AQID" });
});

test("an end record in JSON has the cause as text and not the messages", () => {
  const told = JSON.parse(reportJson({ event: "end", record }, 0, WHOLE)) as object;
  expect(told).toMatchObject({
    event: "end",
    id: ID,
    code: "PEER_SILENT",
    cause: "ETIMEDOUT",
    undeliveredCount: 1,
  });
  expect(told).not.toHaveProperty("undelivered");
});

test("binary messages are shown as their length and first bytes", () => {
  expect(messageText(Uint8Array.of(1, 255))).toBe("<2 bytes of binary: 01ff>");
  expect(messageText(new Uint8Array(2_048))).toBe(`<2 KiB of binary: ${"00".repeat(16)}…>`);
});

test("the clock of a line is the clock on the wall", () => {
  const at = new Date(2024, 0, 2, 3, 4, 5);
  expect(clockText(at.getTime())).toBe("03:04:05");
});

test("the table shows the longest silent first, and aligns its columns", () => {
  const row = {
    id: ID,
    address: "[2001:db8::1]:4711",
    dialect: "frame",
    verdict: "alive",
    heardMsAgo: 3_000,
    leaseMs: 30_000,
    bytesIn: 12,
    bytesOut: 2_048,
  };
  const silent = { ...row, id: "fedcba98", address: "unix", dialect: undefined };
  const table = connectionTable([
    row,
    { ...silent, heardMsAgo: undefined, leaseMs: undefined, verdict: "suspect" },
    { ...silent, id: "aaaa", heardMsAgo: 45_500 },
  ]);
  expect(table.split("\n")).toEqual([
    "id        address             dialect  verdict  last seen   lease  in        out",
    "fedcba98  unix                -        suspect  never       -      12 bytes  2 KiB",
    "aaaa      unix                -        alive    45.5 s ago  30 s   12 bytes  2 KiB",
    "01234567  [2001:db8::1]:4711  frame    alive    3 s ago     30 s   12 bytes  2 KiB",
    "3 connections",
  ]);
  const many = connectionTable(Array.from({ length: 1_002 }, () => row));
  expect(many.split("\n").at(-1)).toBe("1002 connections, of which 2 are not shown");
});

test("kernel options are told with their source", () => {
  const known = { source: "set" } as const;
  expect(
    kernelText({
      keepaliveIdleMs: { ...known, value: 60_000 },
      keepaliveIntervalMs: { ...known, value: 10_000 },
      keepaliveCount: { value: 5, source: "known" },
      userTimeoutMs: { value: undefined, source: "unknown" },
    }),
  ).toBe(
    "keepalive after 60 s (set), every 10 s (set), 5 (known) probes; user timeout ? (unknown)",
  );
  const off = { value: false, source: "set" } as const;
  expect(
    kernelText({
      keepaliveIdleMs: off,
      keepaliveIntervalMs: off,
      keepaliveCount: off,
      userTimeoutMs: off,
    }),
  ).toBe("keepalive off (set); user timeout off (set)");
});

test("the first lines say where it listens and what to type next", () => {
  const accept = ["line", "frame", "websocket"] as const;
  const settings = {
    accept,
    ping: undefined,
    proxyProtocol: undefined,
    webSocketPath: undefined,
  };
  expect(startLines(["tcp://[::]:8080", "unix:/run/x"], settings, "npx holdfast")).toEqual([
    "listening on tcp://[::]:8080",
    "listening on unix:/run/x",
    "try next:    npx holdfast connect tcp://localhost:8080",
    "or:          nc localhost 8080    then type: ping",
    'or:          new WebSocket("ws://localhost:8080")    in a page of this host',
  ]);
  const lines = { ...settings, accept: ["line"], ping: "hi" } as const;
  expect(startLines(["unix:/run/x"], lines, "holdfast")).toEqual([
    "listening on unix:/run/x",
    "try next:    holdfast connect line+unix:/run/x",
    "or:          nc -U /run/x    then type: hi",
  ]);
  const behind = { ...settings, proxyProtocol: ["10.0.0.0/8", "unix"] };
  expect(startLines(["tcp://[::]:8080"], behind, "holdfast")).toEqual([
    "listening on tcp://[::]:8080",
    "balancers:   10.0.0.0/8, unix; each connection begins with a PROXY header",
  ]);
  const frames = { ...settings, accept: ["frame"] } as const;
  expect(startLines(["tcp://127.0.0.1:9"], frames, "holdfast")).toEqual([
    "listening on tcp://127.0.0.1:9",
    "try next:    holdfast connect tcp://127.0.0.1:9",
  ]);
  const both = ["tcp://[::]:9", "tls://[::]:9"];
  expect(startLines(both, settings, "holdfast")).toEqual([
    "listening on tcp://[::]:9",
    "listening on tls://[::]:9",
    "try next:    holdfast connect tcp://localhost:9",
    "or:          nc localhost 9    then type: ping",
    "or:          openssl s_client -quiet -connect localhost:9    the same over TLS",
    'or:          new WebSocket("ws://localhost:9")    in a page of this host',
  ]);
  const live = { ...settings, webSocketPath: "/live" };
  expect(startLines(["tls://127.0.0.1:9"], live, "holdfast").at(-1)).toBe(
    'or:          new WebSocket("wss://127.0.0.1:9/live")    in a page of this host',
  );
  expect(startLines(["wss://0.0.0.0:9/live"], settings, "holdfast")).toEqual([
    "listening on wss://0.0.0.0:9/live",
    "try next:    holdfast connect wss://localhost:9/live",
    'or:          new WebSocket("wss://localhost:9/live")    in a page of this host',
  ]);
});

test("the summary counts ends and rejections by their cause", () => {
  const stats = {
    accepted: 3,
    messagesIn: 1,
    bufferedBytesPeak: 2_048,
    ended: { PEER_SILENT: 1, CLOSED_BY_PEER: 2 },
    rejected: { CONNECTIONS_MAX: 4 },
    stalls: 1,
  } as unknown as Parameters<typeof summaryLines>[0];
  expect(summaryLines(stats, 65_000)).toEqual([
    "served for 65 s: 3 connections, 1 message, at most 2 KiB buffered",
    "ended:    PEER_SILENT 1, CLOSED_BY_PEER 2",
    "rejected: CONNECTIONS_MAX 4",
    "this process was late 1 time",
  ]);
});
