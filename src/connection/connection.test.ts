import { expect, test } from "vitest";
import {
  BOTH_DIALECTS,
  CLIENT_CONFIG,
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
  withLiveness,
} from "../testing/connection-pair.ts";

test.each(BOTH_DIALECTS)("%s: an idle pair stays open for a day", (_name, options) => {
  const pair = new ConnectionPair(options);
  pair.run(86_400_000);
  expect(pair.client.connection.phase).toBe("open");
  expect(pair.server.connection.phase).toBe("open");
  expect(pair.client.seen("verdict")).toEqual([]);
  expect(pair.server.seen("verdict")).toEqual([]);
  expect(pair.client.seen("beat").length).toBeGreaterThan(2_800);
});

test.each(BOTH_DIALECTS)(
  "%s: messages arrive in both directions and are confirmed",
  (_name, options) => {
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
  },
);

test.each(BOTH_DIALECTS)(
  "%s: a cut wire ends both sides once, within the bound",
  (name, options) => {
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
    const bound = name === "line" ? 60_000 : 30_000 + 3_000 + 5_000;
    expect(pair.server.end?.evidence.heardMsAgo).toBeLessThanOrEqual(bound);
    expect(pair.server.end?.evidence.heardMsAgo).toBeGreaterThan(bound - 1);
  },
);

// The fault of a well-known client: each write pushed the death check away.
test.each(BOTH_DIALECTS)(
  "%s: talking into a dead pipe does not postpone its death",
  (_name, options) => {
    const pair = new ConnectionPair(options);
    pair.run(100_000);
    pair.cut();
    for (let second = 0; second < 40; second++) {
      if (pair.client.end === undefined) pair.client.connection.send("anyone?", pair.now);
      pair.run(1_000);
    }
    expect(pair.client.end?.code).toBe("PEER_SILENT");
  },
);

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

test.each(BOTH_DIALECTS)("%s: a slow reader is slow, not dead", (_name, options) => {
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

test.each(BOTH_DIALECTS)(
  "%s: while our reading is paused silence is ours, up to a limit",
  (_n, options) => {
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
  },
);

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
