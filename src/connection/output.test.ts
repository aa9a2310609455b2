import { expect, test } from "vitest";
import {
  BOTH_DIALECTS,
  CLIENT_CONFIG,
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
  withLiveness,
} from "../testing/connection-pair.ts";
import type { Instant } from "../base/time.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { encodeFrame } from "../wire/frame-codec.ts";
import { Output } from "./output.ts";
import { FrameSpeech } from "./speech.ts";

test.each(BOTH_DIALECTS)(
  "%s: a peer that speaks but takes nothing is ended for that",
  (name, options) => {
    const pair = new ConnectionPair({
      ...options,
      server: withLiveness(SERVER_CONFIG, { drainTimeoutMs: 10_000 }),
    });
    pair.run(40_000);
    pair.server.out.paused = true;
    pair.server.connection.send("z".repeat(300 * 1024), pair.now);
    const ping = name === "line" ? "ping\n" : undefined;
    for (let second = 0; second < 15; second++) {
      if (ping) pair.server.connection.handleBytes(new TextEncoder().encode(ping), pair.now);
      pair.run(1_000);
    }
    expect(pair.server.end?.code).toBe("PEER_TAKES_NOTHING");
    expect(pair.server.connection.heldBytes).toBe(0);
  },
);

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

// Ours: while reading was paused, ACKs and the other half of a message lay unread in the kernel.
test("frame: a pause of ours is held neither against what is unread nor against its sender", () => {
  const pair = new ConnectionPair({
    client: withLiveness(CLIENT_CONFIG, { intervalMs: 1_000, drainTimeoutMs: 3_000 }),
  });
  pair.run(2_000);
  const { connection } = pair.client;
  pair.server.out.bytesPerMs = 100;
  pair.server.connection.send("x".repeat(1_000_000), pair.now);
  pair.run(3_000);
  connection.send("is not acknowledged while we do not read", pair.now);
  connection.pauseReading(pair.now);
  pair.run(30_000);
  expect(pair.client.end).toBeUndefined();
  connection.resumeReading(pair.now);
  pair.run(20_000);
  expect(pair.client.end).toBeUndefined();
  expect(pair.client.delivered.length).toBe(1);
  expect(pair.client.seen("delivered").length).toBe(1);
});

test("frame: ACKs that confirm nothing new keep nobody alive who takes nothing", () => {
  const pair = new ConnectionPair({
    server: withLiveness(SERVER_CONFIG, { drainTimeoutMs: 5_000 }),
  });
  pair.run(100);
  pair.server.out.paused = true;
  const { connection } = pair.server;
  for (let part = 0; part < 20; part++) connection.send("x".repeat(50_000), pair.now);
  for (let second = 0; second < 10 && pair.server.end === undefined; second++) {
    connection.handleBytes(encodeFrame({ kind: "ack", messages: 0, partBytes: 0 }), pair.now);
    pair.run(1_000);
  }
  expect(pair.server.end?.code).toBe("PEER_TAKES_NOTHING");
});

test("line: a reader is known to be slow by the kernel's count alone", () => {
  const pair = new ConnectionPair({
    client: withLiveness(LINE_CLIENT_CONFIG, { intervalMs: false }),
    server: withLiveness(SERVER_CONFIG, { drainTimeoutMs: 3_000 }),
  });
  pair.server.connection.handleBytes(new TextEncoder().encode("ping\n"), pair.now);
  pair.run(2_000);
  pair.server.out.paused = true; // The kernel will not say "writable" for a long time.
  pair.server.connection.send("x".repeat(900_000), pair.now);
  let left = 400_000;
  pair.unacked = (side) => {
    if (side === pair.server) left -= 10_000;
    return left;
  };
  for (let second = 0; second < 20; second++) {
    pair.server.connection.handleBytes(new TextEncoder().encode("ping\n"), pair.now);
    pair.run(1_000);
  }
  expect(pair.server.end).toBeUndefined();
  pair.unacked = () => left;
  for (let second = 0; second < 6 && pair.server.end === undefined; second++) {
    pair.server.connection.handleBytes(new TextEncoder().encode("ping\n"), pair.now);
    pair.run(1_000);
  }
  expect(pair.server.end?.code).toBe("PEER_TAKES_NOTHING");
});

test("a ping that had to wait is told of when it leaves, and no other write is", () => {
  const stalls = new StallLog({ stallToleranceMs: 250 });
  const output = new Output(CLIENT_CONFIG, stalls);
  output.speech = new FrameSpeech("client");
  const now = 1_000 as Instant;
  output.ping(Uint8Array.of(1));
  output.next(now);
  output.written(false, now);
  expect(output.drained(now)).toBe(true);
  expect(output.drained(now)).toBe(false);
  output.say(Uint8Array.of(2));
  output.next(now);
  output.written(false, now);
  expect(output.drained(now)).toBe(false);
});
