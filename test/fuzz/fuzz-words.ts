/** The valid words that the fuzzer starts from: each kind of frame and line, encoded once. */
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { encodeFrame, encodePart, encodePing, encodePong } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";

export const HELLO: Frame = {
  kind: "hello",
  hello: {
    agent: "fuzz",
    intervalMsMin: 1_000,
    intervalMsMax: 30_000,
    nextMs: 30_000,
    messageBytesMax: 8_192,
    previous: { id: "00", secret: "11" },
  },
};

export const WELCOME: Frame = {
  kind: "welcome",
  welcome: {
    id: "22",
    secret: "33",
    epoch: "44",
    leaseMsMin: 1_000,
    leaseMsMax: 60_000,
    timeoutMs: 60_000,
    pingIntervalMsMin: 100,
    messageBytesMax: 8_192,
    nextMs: 0,
    reconnectWindowMs: 5_000,
    previous: { state: "ended", lastPingSeq: 3, lastHeardMsAgo: 4, code: "PEER_SILENT" },
  },
};

const goaway = { reason: "drain", retry: "after", afterMs: 100, spreadMs: 100 } as const;

export const FRAMES: Readonly<Record<string, Uint8Array>> = {
  preface: encodePreface(1),
  hello: encodeFrame(HELLO),
  welcome: encodeFrame(WELCOME),
  ping: encodePing(1, 30_000),
  pong: encodePong(1, 30_000),
  text: encodePart("text", false, utf8("hello")),
  "text begun": encodePart("text", true, utf8("hel")),
  binary: encodePart("binary", false, Uint8Array.of(0, 255)),
  cont: encodePart("cont", false, utf8("lo")),
  "too long": concatBytes([
    encodePart("binary", true, new Uint8Array(6_000)),
    encodePart("cont", false, new Uint8Array(6_000)),
  ]),
  ack: encodeFrame({ kind: "ack", messages: 1, partBytes: 0 }),
  slow: encodeFrame({ kind: "slow", intervalMs: 5_000 }),
  goaway: encodeFrame({ kind: "goaway", goaway }),
  end: encodeFrame({ kind: "end", code: "DRAINED", reason: "bye" }),
  "unknown, to be skipped": Uint8Array.of(0x60, 2, 1, 2),
  "unknown, critical": Uint8Array.of(0x90, 1, 0),
};

export const LINES: Readonly<Record<string, Uint8Array>> = {
  ping: utf8("ping\n"),
  pong: utf8("pong\r\n"),
  text: utf8("a line\n"),
  "not UTF-8": Uint8Array.of(0x61, 0xff, 0xfe, 0x0a),
  "begun only": utf8("half"),
  "too long": utf8(`${"x".repeat(5_000)}\n`),
  empty: utf8("\n"),
};

export const FRAME_KINDS: readonly string[] = Object.keys(FRAMES);
export const LINE_KINDS: readonly string[] = Object.keys(LINES);
