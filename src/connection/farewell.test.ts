import { expect, test } from "vitest";
import { BOTH_DIALECTS, ConnectionPair, LINE_CLIENT_CONFIG } from "../testing/connection-pair.ts";
import { encodeFrame, encodePart, encodePing } from "../wire/frame-codec.ts";

test.each(BOTH_DIALECTS)("%s: closing says goodbye after what was queued", (name, options) => {
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
  const pair = new ConnectionPair({ client: LINE_CLIENT_CONFIG });
  pair.run(100);
  pair.server.connection.handleBytes(new TextEncoder().encode("whole\nhal"), pair.now);
  pair.server.connection.handleFinished(undefined, pair.now);
  pair.run(10_000);
  expect(pair.server.delivered).toEqual(["whole"]);
  expect(pair.server.end).toMatchObject({
    code: "CLOSED_BY_PEER",
    detail: "the last line was not ended; its 3 bytes are dropped",
  });
});

// Ours: a ping that came between our FIN and the peer's was answered, which crashed the process.
test.each(BOTH_DIALECTS)(
  "%s: whatever comes after our FIN, nothing is written",
  (name, options) => {
    const pair = new ConnectionPair(options);
    pair.client.connection.send("first", pair.now);
    pair.run(100);
    pair.client.out.paused = true;
    pair.server.connection.close("CLOSED_HERE", "", pair.now);
    pair.run(1);
    expect(pair.server.connection.phase).toBe("finishing");
    const ping = name === "line" ? new TextEncoder().encode("ping\nhello\n") : encodePing(1, 1_000);
    pair.server.connection.handleBytes(ping, pair.now);
    pair.run(10_000);
    expect(pair.server.seen("end").length).toBe(1);
  },
);

test("frame: after END nothing is heard, and what was heard before it is acknowledged", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  pair.server.connection.send("heard", pair.now);
  pair.settle();
  const { connection } = pair.client;
  connection.handleBytes(encodeFrame({ kind: "end", code: "DRAINED", reason: "" }), pair.now);
  connection.handleBytes(encodePart("text", false, new TextEncoder().encode("late")), pair.now);
  pair.run(10_000);
  expect(pair.client.delivered).toEqual(["heard"]);
  expect(pair.client.end?.code).toBe("DRAINED");
  expect(pair.server.end?.undelivered).toEqual([]);
});

test("frame: what was received before a close of ours is acknowledged by it", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  pair.server.connection.send("just before", pair.now);
  pair.settle();
  pair.client.connection.close("CLOSED_HERE", "", pair.now);
  pair.run(10_000);
  expect(pair.server.end?.undelivered).toEqual([]);
});

test("frame: a close is over in bounded time, whatever a peer repeats", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  pair.server.out.paused = true;
  const { connection } = pair.server;
  for (let part = 0; part < 20; part++) connection.send("x".repeat(50_000), pair.now);
  connection.close("CLOSED_HERE", "", pair.now);
  for (let second = 0; second < 20 && pair.server.end === undefined; second++) {
    connection.handleBytes(encodeFrame({ kind: "ack", messages: 0, partBytes: 0 }), pair.now);
    pair.run(1_000);
  }
  expect(pair.server.end?.code).toBe("CLOSED_HERE");
});
