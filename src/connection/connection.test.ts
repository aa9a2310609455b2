import { expect, test } from "vitest";
import {
  CLIENT_CONFIG,
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  type PairOptions,
  SERVER_CONFIG,
} from "../testing/connection-pair.ts";
import type { ConnectionConfig } from "./config.ts";

const LINE: PairOptions = { client: LINE_CLIENT_CONFIG };
const BOTH: readonly (readonly [string, PairOptions])[] = [
  ["line", LINE],
  ["frame", {}],
];

function withLiveness(
  config: ConnectionConfig,
  liveness: Partial<ConnectionConfig["liveness"]>,
): ConnectionConfig {
  return { ...config, liveness: { ...config.liveness, ...liveness } };
}

test.each(BOTH)("%s: an idle pair stays open for a day", (_name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(86_400_000);
  expect(pair.client.connection.phase).toBe("open");
  expect(pair.server.connection.phase).toBe("open");
  expect(pair.client.seen("verdict")).toEqual([]);
  expect(pair.server.seen("verdict")).toEqual([]);
  expect(pair.client.seen("beat").length).toBeGreaterThan(2_800);
});

test.each(BOTH)("%s: messages arrive in both directions and are confirmed", (_name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(100);
  pair.client.connection.send("hello", pair.now);
  pair.run(1);
  pair.server.connection.send("welcome", pair.now);
  pair.run(1_000);
  expect(pair.server.delivered).toEqual(["hello"]);
  expect(pair.client.delivered).toEqual(["welcome"]);
  expect(pair.client.connection.heldBytes).toBe(0);
  expect(pair.client.seen("delivered").length).toBe(1);
});

test.each(BOTH)("%s: a cut wire ends both sides once, within the bound", (_name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(100_000);
  const before = pair.now;
  pair.cut();
  const { heardAt } = pair.client.connection;
  pair.run(200_000);
  expect(pair.client.end?.code).toBe("PEER_SILENT");
  expect(pair.server.end?.code).toBe("PEER_SILENT");
  expect(pair.client.seen("end").length).toBe(1);
  expect(pair.server.seen("end").length).toBe(1);
  expect(heardAt).toBeLessThanOrEqual(before);
  expect(pair.client.end?.evidence.heardMsAgo).toBeLessThanOrEqual(35_000);
  const bound = options === LINE ? 60_000 : 30_000 + 3_000 + 5_000;
  expect(pair.server.end?.evidence.heardMsAgo).toBeLessThanOrEqual(bound);
  expect(pair.server.end?.evidence.heardMsAgo).toBeGreaterThan(bound - 1);
});

// The fault of a well-known client: each write pushed the death check away.
test.each(BOTH)("%s: talking into a dead pipe does not postpone its death", (_name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(100_000);
  pair.cut();
  for (let second = 0; second < 40; second++) {
    if (pair.client.end === undefined) pair.client.connection.send("anyone?", pair.now);
    pair.run(1_000);
  }
  expect(pair.client.end?.code).toBe("PEER_SILENT");
});

test.each(BOTH)("%s: closing says goodbye after what was queued", (name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(100);
  pair.client.connection.send("last words", pair.now);
  pair.client.connection.close("CLOSED_HERE", "done", pair.now);
  pair.run(10_000);
  expect(pair.server.delivered).toEqual(["last words"]);
  expect(pair.client.end?.code).toBe("CLOSED_HERE");
  expect(pair.client.end?.undelivered).toEqual([]);
  expect(pair.server.end?.code).toBe("CLOSED_BY_PEER");
  expect(pair.server.end?.livedMs).toBeLessThan(1_000);
  if (name === "frame") expect(pair.server.end?.peerSaid?.reason).toBe("done");
});

test("frame: what was sent and not acknowledged is handed back, what was not begun apart", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  pair.client.connection.send("arrives", pair.now);
  pair.run(1_000);
  pair.cut();
  pair.client.connection.send("lost", pair.now);
  pair.run(10);
  pair.client.out.capacityBytes = 0;
  pair.client.connection.send("lost, too", pair.now);
  pair.run(10);
  pair.client.connection.send("never begun", pair.now);
  pair.run(100_000);
  expect(pair.client.end?.undelivered).toEqual(["lost", "lost, too"]);
  expect(pair.client.end?.unwritten).toEqual(["never begun"]);
});

test("frame: a message of many parts arrives whole, with pings between the parts", () => {
  const messageBytesMax = 8 * 1024 * 1024;
  const pair = new ConnectionPair({
    client: withLiveness({ ...CLIENT_CONFIG, messageBytesMax }, { intervalMs: 1_000 }),
    server: { ...SERVER_CONFIG, messageBytesMax },
  });
  pair.run(100);
  const big = "x".repeat(4 * 1024 * 1024);
  pair.server.out.bytesPerMs = 256;
  pair.server.connection.send(big, pair.now);
  pair.run(30_000);
  expect(pair.client.delivered.length).toBe(1);
  expect(pair.client.delivered[0] === big).toBe(true);
  expect(pair.server.end).toBeUndefined();
  expect(pair.client.seen("beat").length).toBeGreaterThan(10);
});

test.each(BOTH)("%s: a slow reader is slow, not dead", (_name, options) => {
  const size = 8 * 1024 * 1024;
  const limits = { messageBytesMax: size, lineBytesMax: size, outboxBytesMax: 2 * size };
  const pair = new ConnectionPair({
    client: withLiveness(
      { ...(options.client ?? CLIENT_CONFIG), ...limits },
      { intervalMs: 1_000 },
    ),
    server: withLiveness({ ...SERVER_CONFIG, ...limits }, { timeoutMs: 2_000, leaseMsMax: 2_000 }),
  });
  pair.run(10_000);
  pair.server.out.bytesPerMs = 256;
  pair.client.out.bytesPerMs = 256;
  const big = "y".repeat(size);
  pair.server.connection.send(big, pair.now);
  pair.client.connection.send(big, pair.now);
  pair.run(60_000);
  expect(pair.client.end).toBeUndefined();
  expect(pair.server.end).toBeUndefined();
  expect(pair.client.delivered[0] === big).toBe(true);
  expect(pair.server.delivered[0] === big).toBe(true);
});

test.each(BOTH)("%s: a peer that speaks but takes nothing is ended for that", (_name, options) => {
  const pair = new ConnectionPair({
    ...options,
    server: withLiveness(SERVER_CONFIG, { drainTimeoutMs: 10_000 }),
  });
  pair.run(40_000);
  pair.server.out.paused = true;
  pair.server.connection.send("z".repeat(300 * 1024), pair.now);
  const ping = options === LINE ? "ping\n" : undefined;
  for (let second = 0; second < 15; second++) {
    if (ping) pair.server.connection.handleBytes(new TextEncoder().encode(ping), pair.now);
    pair.run(1_000);
  }
  expect(pair.server.end?.code).toBe("PEER_TAKES_NOTHING");
  expect(pair.server.connection.heldBytes).toBe(0);
});

test.each(BOTH)("%s: while our reading is paused silence is ours, up to a limit", (_n, options) => {
  const pair = new ConnectionPair({
    client: withLiveness(options.client ?? CLIENT_CONFIG, {
      intervalMs: 1_000,
      pauseMsMax: 30_000,
    }),
    server: withLiveness(SERVER_CONFIG, { timeoutMs: 5_000, leaseMsMax: 5_000 }),
  });
  pair.run(5_000);
  pair.client.connection.pauseReading(pair.now);
  pair.run(29_000);
  expect(pair.client.end).toBeUndefined();
  expect(pair.server.end).toBeUndefined();
  pair.client.connection.resumeReading(pair.now);
  pair.run(20_000);
  expect(pair.client.end).toBeUndefined();
  pair.client.connection.pauseReading(pair.now);
  pair.run(40_000);
  expect(pair.client.end?.code).toBe("READER_TOO_SLOW");
});

test("a server that pauses its reading ends nobody for being silent", () => {
  const pair = new ConnectionPair({
    client: withLiveness(CLIENT_CONFIG, { intervalMs: 1_000 }),
    server: withLiveness(SERVER_CONFIG, {
      timeoutMs: 5_000,
      leaseMsMax: 5_000,
      pauseMsMax: 30_000,
    }),
  });
  pair.run(5_000);
  pair.server.connection.pauseReading(pair.now);
  pair.run(29_000);
  expect(pair.server.end).toBeUndefined();
  expect(pair.client.end).toBeUndefined();
  pair.run(2_000);
  expect(pair.server.end?.code).toBe("READER_TOO_SLOW");
});

test("a plain client whose first byte comes after 30 s is a full citizen", () => {
  const pair = new ConnectionPair({
    client: withLiveness(LINE_CLIENT_CONFIG, { intervalMs: false }),
  });
  pair.run(59_000);
  expect(pair.server.connection.phase).toBe("silent");
  pair.server.connection.handleBytes(new TextEncoder().encode("ping\n"), pair.now);
  pair.run(59_000);
  expect(pair.server.connection.phase).toBe("open");
  pair.run(2_000);
  expect(pair.server.end?.code).toBe("PEER_SILENT");
});

test("answers that nobody reads are dropped and not held against a line peer", () => {
  const pair = new ConnectionPair({
    client: withLiveness(LINE_CLIENT_CONFIG, { intervalMs: false }),
    server: withLiveness(SERVER_CONFIG, { timeoutMs: 2_000, drainTimeoutMs: 3_000 }),
  });
  pair.server.out.paused = true;
  pair.server.out.capacityBytes = 100;
  for (let ping = 0; ping < 100; ping++) {
    pair.server.connection.handleBytes(new TextEncoder().encode("ping\n"), pair.now);
    pair.run(200);
  }
  expect(pair.server.end).toBeUndefined();
  expect(pair.server.connection.output.droppedAnswers).toBeGreaterThan(50);
  expect(pair.server.out.queuedBytes).toBeLessThan(200);
});

test("a client in the wrong dialect is told which one this port takes", () => {
  const server = { ...SERVER_CONFIG, accepts: { line: false, frame: true } };
  const pair = new ConnectionPair({ client: LINE_CLIENT_CONFIG, server });
  pair.client.connection.send("hello", pair.now);
  pair.run(10_000);
  expect(pair.client.end?.code).toBe("WRONG_DIALECT");
  expect(pair.server.end?.code).toBe("WRONG_DIALECT");
});

test("a refused client learns why, and when to come back", () => {
  const pair = new ConnectionPair({ welcomes: false });
  pair.run(10);
  expect(pair.server.connection.phase).toBe("deciding");
  pair.server.connection.refuse(
    { code: "CONNECTIONS_MAX", reason: "full", retry: "after", afterMs: 2_000, spreadMs: 500 },
    pair.now,
  );
  pair.run(10_000);
  expect(pair.client.seen("goaway")[0]?.goaway).toEqual({
    reason: "full",
    retry: "after",
    afterMs: 2_000,
    spreadMs: 500,
  });
  expect(pair.client.end).toMatchObject({ code: "CONNECTIONS_MAX", by: "peer" });
  expect(pair.server.end).toMatchObject({ code: "CONNECTIONS_MAX", by: "here", wasOpen: false });
});

test("frame: GOAWAY stands behind what was queued, so who goes at once loses nothing", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  pair.server.out.bytesPerMs = 100;
  for (let index = 0; index < 8; index++) {
    pair.server.connection.send(`${index}`.repeat(100_000), pair.now);
  }
  pair.server.connection.goAway({ reason: "drain", retry: "after", afterMs: 0, spreadMs: 0 });
  for (let step = 0; step < 200 && pair.client.seen("goaway").length === 0; step++) pair.run(100);
  pair.client.connection.close("CLOSED_HERE", "", pair.now);
  pair.run(10_000);
  expect(pair.client.delivered.length).toBe(8);
  expect(pair.server.end?.undelivered).toEqual([]);
  expect(pair.server.end?.unwritten).toEqual([]);
});

test("a last line that was not ended is no message, and the record says what was dropped", () => {
  const pair = new ConnectionPair(LINE);
  pair.run(100);
  pair.server.connection.handleBytes(new TextEncoder().encode("whole\nhal"), pair.now);
  pair.server.connection.handleFinished(pair.now);
  pair.run(10_000);
  expect(pair.server.delivered).toEqual(["whole"]);
  expect(pair.server.end).toMatchObject({
    code: "CLOSED_BY_PEER",
    detail: "the last line was not ended; its 3 bytes are dropped",
  });
});
