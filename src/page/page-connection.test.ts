/** One conversation of a page, over a WebSocket whose other end and buffer the test plays. */
import { expect, test } from "vitest";
import { WELCOME } from "../../test/support/heartbeat-rig.ts";
import { PageConnectionRig, part } from "../../test/support/page-connection-rig.ts";
import { encodeFrame } from "../wire/frame-codec.ts";

const PART = 65_535;
const BINARY = (length: number, more = false, type: "binary" | "cont" = "binary") =>
  ({ kind: "part", type, more, payload: new Uint8Array(length) }) as const;

test("HELLO is the first word, and says who comes", () => {
  const rig = new PageConnectionRig({ agent: "page" });
  rig.settle();
  expect(rig.ws.sent).toEqual([]);
  expect([rig.ws.binaryType, rig.connection.isPipe]).toEqual(["arraybuffer", false]);
  rig.ws.open();
  expect(rig.connection.isPipe).toBe(true);
  expect(rig.heard()).toEqual([
    {
      kind: "hello",
      hello: {
        agent: "page",
        token: "t",
        previous: { id: "p", secret: "q" },
        intervalMsMin: 10_000,
        intervalMsMax: 10_000,
        nextMs: 10_000,
        messageBytesMax: 1_048_576,
      },
    },
  ]);
  rig.send("early");
  expect(rig.heard()).toEqual([]);
  rig.says({ kind: "welcome", welcome: WELCOME });
  rig.settle();
  expect([rig.onlineCount, rig.connection.id, rig.kinds()]).toEqual([1, "c1", ["text"]]);
});

test("what is small goes before messages: answers and ACKs do not wait for the buffer", () => {
  const rig = PageConnectionRig.online();
  rig.ws.bufferedAmount = PART + 1;
  rig.send("waits");
  expect(rig.heard()).toEqual([]);
  rig.says({ kind: "ping", seq: 9, nextMs: 0 }, part("hello"));
  expect(rig.messages).toEqual(["hello"]);
  // The message comes next, so what confirms the server's is said with it, and before it.
  expect(rig.heard()).toEqual([
    { kind: "pong", seq: 9, nextMs: 10_000 },
    { kind: "ack", messages: 1, partBytes: 0 },
  ]);
  rig.ws.bufferedAmount = PART;
  rig.settle();
  expect(rig.kinds()).toEqual(["text"]);
});

test("no more than one part is handed over ahead, so that a ping never waits for long", () => {
  const rig = PageConnectionRig.online();
  rig.send(new Uint8Array(3 * PART));
  expect(rig.kinds()).toEqual(["binary", "cont", "cont"]);
  const slow = PageConnectionRig.online();
  slow.ws.bufferedAmount = PART + 1;
  slow.send(new Uint8Array(2 * PART + 1));
  expect(slow.kinds()).toEqual([]);
  for (const kinds of [["binary"], ["cont"], ["cont"], []]) {
    // It takes a part, and is full by it.
    slow.ws.bufferedAmount = 0;
    const { ws } = slow;
    const send = ws.send.bind(ws);
    ws.send = (data): void => {
      send(data);
      ws.bufferedAmount += 2 * PART;
    };
    slow.settle();
    ws.send = send;
    expect(slow.kinds()).toEqual(kinds);
  }
});

test("an ACK goes out after 64 KiB at once, after less within 100 ms", () => {
  const rig = PageConnectionRig.online();
  rig.says(BINARY(PART, true));
  expect(rig.kinds()).toEqual([]);
  rig.says(BINARY(1, true, "cont"));
  expect(rig.heard()).toEqual([{ kind: "ack", messages: 0, partBytes: PART + 1 }]);
  rig.says(BINARY(0, false, "cont"));
  rig.advance(99);
  expect(rig.kinds()).toEqual([]);
  rig.advance(1);
  expect(rig.heard()).toEqual([{ kind: "ack", messages: 1, partBytes: 0 }]);
  rig.advance(1_000);
  expect(rig.kinds()).toEqual([]);
});

test("while the application is behind all comes, and nothing is confirmed", () => {
  const rig = PageConnectionRig.online();
  rig.connection.setBehind(true, rig.clock.now());
  for (const text of ["one", "two"]) rig.says(part(text));
  rig.says({ kind: "ping", seq: 1, nextMs: 0 });
  expect(rig.messages).toEqual(["one", "two"]);
  expect(rig.kinds()).toEqual(["pong"]);
  rig.advance(1_000);
  expect(rig.kinds()).toEqual([]);
  rig.connection.setBehind(false, rig.clock.now());
  rig.settle();
  expect(rig.heard()).toEqual([{ kind: "ack", messages: 2, partBytes: 0 }]);
});

test("who leaves confirms what came while the application was behind", () => {
  const rig = PageConnectionRig.online();
  rig.connection.setBehind(true, rig.clock.now());
  rig.says(part("last words"));
  rig.connection.close("CLOSED_HERE", "", false, rig.clock.now());
  rig.settle();
  expect(rig.kinds()).toEqual(["ack", "end"]);
});

test("how far an application may be behind is bounded, and for how long", () => {
  const rig = PageConnectionRig.online();
  rig.connection.setBehind(true, rig.clock.now());
  const frame = encodeFrame(BINARY(PART));
  for (let bytes = 0; bytes <= 67_108_864 - frame.length; bytes += frame.length) {
    rig.ws.message(frame);
  }
  expect(rig.overs).toEqual([]);
  rig.ws.message(frame);
  expect(rig.overs[0]).toMatchObject({ code: "READER_TOO_SLOW", record: { by: "fault" } });
  const long = PageConnectionRig.online({ pauseMsMax: 5_000 });
  long.connection.setBehind(true, long.clock.now());
  long.advance(4_999);
  expect(long.overs).toEqual([]);
  long.advance(1);
  expect(long.overs[0]?.code).toBe("READER_TOO_SLOW");
  expect(long.heard().at(-1)).toEqual({ kind: "end", code: "READER_TOO_SLOW", reason: "" });
  expect(long.ws.closes[0]).toEqual([4_000, "READER_TOO_SLOW: "]);
});

test("a silent server is told to be dead when its answer is overdue, and no END is said", () => {
  const rig = PageConnectionRig.online();
  rig.advance(5_000);
  expect(rig.kinds()).toEqual(["ping"]);
  rig.advance(4_999);
  expect(rig.overs).toEqual([]);
  rig.advance(1);
  expect(rig.overs[0]).toMatchObject({
    code: "PEER_SILENT",
    record: {
      by: "fault",
      reset: false,
      wasOpen: true,
      livedMs: 10_000,
      dialect: "frame",
      transport: "websocket",
      remote: "a.example:1",
      evidence: { verdict: "dead", heardMsAgo: 10_000, pingMsAgo: 5_000, pingsOutstanding: 1 },
    },
  });
  expect(rig.kinds()).toEqual([]);
});

test("a server that answers and takes nothing is found by its output", () => {
  const rig = PageConnectionRig.online({ drainTimeoutMs: 20_000 });
  rig.ws.bufferedAmount = 10;
  rig.send("stuck");
  for (let second = 0; second < 19; second++) {
    rig.advance(1_000);
    rig.says({ kind: "ping", seq: second + 1, nextMs: 0 });
  }
  expect(rig.overs).toEqual([]);
  rig.advance(1_000);
  expect(rig.overs[0]).toMatchObject({
    code: "PEER_TAKES_NOTHING",
    record: { undelivered: ["stuck"], undeliveredCount: 1 },
  });
});

test("ACKs of 64 KiB keep a slow server, ACKs of less do not", () => {
  for (const [stepBytes, code] of [
    [PART + 1, undefined],
    [1_000, "PEER_TAKES_NOTHING"],
  ] as const) {
    const rig = PageConnectionRig.online({ drainTimeoutMs: 20_000, messageBytesMax: 2_000_000 });
    rig.send(new Uint8Array(1_000_000));
    for (let count = 1; count <= 6; count++) {
      rig.advance(8_000);
      if (rig.overs.length > 0) break;
      rig.says({ kind: "ack", messages: 0, partBytes: count * stepBytes });
    }
    expect(rig.overs[0]?.code).toBe(code);
  }
});

test("a message that was begun and does not go on ends the connection", () => {
  const rig = PageConnectionRig.online({ drainTimeoutMs: 20_000 });
  rig.says(part("be", "text", true));
  for (let second = 1; second < 20; second++) {
    rig.advance(1_000);
    rig.says({ kind: "ping", seq: second, nextMs: 0 });
  }
  expect(rig.overs).toEqual([]);
  rig.advance(1_000);
  expect(rig.overs[0]?.code).toBe("UNFINISHED_TOO_LONG");
  expect(rig.ws.closes[0]).toEqual([4_000, "UNFINISHED_TOO_LONG: "]);
});

test("beats are told of both sides, and an answer to nothing is none", () => {
  const rig = PageConnectionRig.online();
  rig.advance(5_000);
  rig.says({ kind: "pong", seq: 5, nextMs: 0 });
  rig.clock.advance(40);
  rig.says({ kind: "pong", seq: 1, nextMs: 7 }, { kind: "ping", seq: 3, nextMs: 9 });
  expect(rig.beats).toEqual([
    { of: "ours", seq: 1, rttMs: 40, nextMs: 7 },
    { of: "theirs", seq: 3, rttMs: undefined, nextMs: 9 },
  ]);
});
