import { expect, test } from "vitest";
import {
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
  withLiveness,
} from "../testing/connection-pair.ts";

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

test("line: pings that always come in two halves finish what was begun", () => {
  const pair = new ConnectionPair({
    client: withLiveness(LINE_CLIENT_CONFIG, { intervalMs: false }),
  });
  for (let beat = 0; beat < 40; beat++) {
    pair.server.connection.handleBytes(new TextEncoder().encode("\nping"), pair.now);
    pair.run(5_000);
  }
  expect(pair.server.end).toBeUndefined();
});

test("line: a chat line cannot pass for the server's word about the port", () => {
  const pair = new ConnectionPair({ client: LINE_CLIENT_CONFIG });
  pair.run(100);
  const said = "holdfast: this port speaks frames; use tcp:// instead of line://";
  pair.client.connection.send("hi", pair.now);
  pair.run(100);
  pair.server.connection.send("hello", pair.now);
  pair.server.connection.send(said, pair.now);
  pair.server.connection.close("CLOSED_HERE", "", pair.now);
  pair.run(10_000);
  expect(pair.client.delivered).toEqual(["hello", said]);
  expect(pair.client.end?.code).toBe("CLOSED_BY_PEER");
});

test("frame: a server that says GOAWAY again and again says it once", () => {
  const pair = new ConnectionPair();
  pair.run(100);
  const goaway = { reason: "go", retry: "now", afterMs: 0, spreadMs: 0 } as const;
  for (let times = 0; times < 50; times++) pair.server.connection.goAway(goaway);
  pair.run(100);
  expect(pair.client.seen("goaway").length).toBe(1);
});
