import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { SERVER_CONFIG, withLiveness } from "../testing/connection-pair.ts";
import { handleHeard, handleNativePing, handlePreparing, handleReady } from "./beside-the-bytes.ts";
import type { ConnectionConfig } from "./config.ts";
import { Connection } from "./connection.ts";
import type { EndFacts } from "./end-record.ts";

const at = (ms: number): Instant => ms as Instant;
const text = (line: string): Uint8Array => new TextEncoder().encode(line);
const FRAMES_ONLY = { ...SERVER_CONFIG, accepts: { line: false, frame: true } };

function server(config: ConnectionConfig = SERVER_CONFIG): Connection {
  const context = { stalls: new StallLog({ stallToleranceMs: 250 }), random: seededRandom(1) };
  return new Connection(config, { id: "id", secret: "s" }, context, undefined, at(0));
}

/** Passes over all effects; condemns whoever is to be judged. */
function endOf(connection: Connection, now: number): EndFacts | undefined {
  connection.handleTimeout(at(now));
  for (;;) {
    const effect = connection.poll(at(now));
    if (effect === undefined) return undefined;
    if (effect.do === "end") return effect.facts;
    if (effect.do === "judge") connection.condemn(at(now));
  }
}

test("what is to be agreed on has the time of a handshake, not the whole timeout", () => {
  const connection = server();
  handlePreparing(connection, at(0));
  expect(connection.deadline()).toBe(10_000);
  expect(endOf(connection, 9_999)).toBeUndefined();
  expect(endOf(connection, 10_000)).toMatchObject({ code: "HANDSHAKE_TIMEOUT", wasOpen: false });
});

test("once agreed, a port for plain programs waits for a byte with all its patience", () => {
  const connection = server();
  handlePreparing(connection, at(0));
  handleReady(connection, at(9_000));
  expect(connection.deadline()).toBeGreaterThan(50_000);
  connection.handleBytes(text("hello\n"), at(40_000));
  expect(connection.phase).toBe("open");
});

test("once agreed, a port for frames waits for HELLO the rest of the handshake", () => {
  const connection = server(FRAMES_ONLY);
  handlePreparing(connection, at(0));
  handleReady(connection, at(9_000));
  expect(connection.deadline()).toBe(10_000);
  handleHeard(connection, 0, at(9_500));
  expect(endOf(connection, 10_000)).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
});

test("who is refused while it agrees is not let in by being ready", () => {
  const connection = server();
  handlePreparing(connection, at(0));
  const refusal = { code: "CONNECTIONS_MAX", reason: "", retry: "now", afterMs: 0, spreadMs: 0 };
  connection.refuse(refusal as never, at(1));
  handleReady(connection, at(500));
  expect(connection.deadline()).toBe(1_001);
});

test("half a unit of the transport is a sign of life, and must go on like half a line", () => {
  const connection = server(withLiveness(SERVER_CONFIG, { drainTimeoutMs: 20_000 }));
  connection.handleBytes(text("hello\n"), at(0));
  handleHeard(connection, 500, at(50_000));
  expect(connection.heardAt).toBe(50_000);
  expect(connection.heldBytes).toBe(500);
  handleHeard(connection, 600, at(65_000));
  expect(endOf(connection, 69_999)).toBeUndefined();
  expect(endOf(connection, 70_000)).toBeUndefined(); // Lines have no last word, but a farewell.
  expect(connection.farewell?.ending).toMatchObject({ code: "UNFINISHED_TOO_LONG" });
});

test("a whole unit takes the wait away", () => {
  const connection = server(withLiveness(SERVER_CONFIG, { drainTimeoutMs: 20_000 }));
  connection.handleBytes(text("hello\n"), at(0));
  handleHeard(connection, 500, at(50_000));
  handleHeard(connection, 0, at(60_000));
  expect(connection.heldBytes).toBe(0);
  expect(endOf(connection, 80_000)).toBeUndefined();
});

test("pings of the transport are evidence and spend the budget of pings", () => {
  const connection = server();
  connection.handleBytes(text("hello\n"), at(0));
  let answered = 0;
  for (let count = 0; count < 200; count++) {
    if (handleNativePing(connection, at(1_000 + count))) answered += 1;
  }
  expect(connection.heardAt).toBe(1_199);
  expect(answered).toBeGreaterThanOrEqual(50);
  expect(answered).toBeLessThan(60);
  expect(connection.evidence(at(1_200)).pingsIn).toBe(200);
});

test("whoever floods with pings of the transport is ended like any other", () => {
  const connection = server();
  connection.handleBytes(text("hello\n"), at(0));
  let now = 1_000;
  while (connection.phase === "open" && now < 200_000) {
    for (let count = 0; count < 20; count++) handleNativePing(connection, at(now));
    now += 100;
  }
  expect(connection.phase).toBe("closing");
  expect(now).toBeGreaterThan(60_000);
  expect(now).toBeLessThan(70_000);
});
