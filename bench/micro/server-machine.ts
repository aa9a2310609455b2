/**
 * One step of a server's machine, as its driver makes it: input, effects until there are none, the
 * next deadline. The kernel takes every write.
 */
import { type Instant, later } from "../../src/base/time.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { encodeFrame, encodePart, encodePing, encodePong } from "../../src/wire/frame-codec.ts";
import {
  drain,
  effectsOf,
  openFrameConnection,
  serverConnection,
  STARTED_AT,
  STEP_MS,
  writtenBy,
} from "./subjects.ts";
import { expectSame, type MicroGroup, type MicroTask } from "./task.ts";

const PING_LINE = Uint8Array.from(Buffer.from("ping\n"));
const NEXT_MS = 30_000;
const TEXT = "a".repeat(64);
const TEXT_LINE = Uint8Array.from(Buffer.from(`${TEXT}\n`));

export const serverMachine: MicroGroup = {
  title: "server machine, one step",
  tasks: () => [
    step("machine: line ping in, pong out", lineConnection(), PING_LINE, "pong\n"),
    step(
      "machine: frame PING in, PONG out",
      openFrameConnection(),
      encodePing(1, NEXT_MS),
      Buffer.from(encodePong(1, 0)).toString("latin1"),
    ),
    hearing("machine: line message of 64 B in", lineConnection(), TEXT_LINE),
    hearing(
      "machine: TEXT of 64 B in, its ACK out",
      openFrameConnection(),
      encodePart("text", false, Buffer.from(TEXT)),
    ),
    sayingLine(),
    sayingFrame(),
  ],
};

/** A line connection that has opened. */
export function lineConnection(): Connection {
  const connection = serverConnection();
  connection.handleBytes(PING_LINE, STARTED_AT);
  drain(connection, STARTED_AT);
  return connection;
}

/** Counts effects and deadlines, so that neither can be left out. */
function repeated(once: (now: Instant) => number): (times: number) => number {
  let now: Instant = STARTED_AT;
  return (times) => {
    let sum = 0;
    for (let count = 0; count < times; count++) {
      now = later(now, STEP_MS);
      sum += once(now);
    }
    return sum;
  };
}

function step(name: string, connection: Connection, ping: Uint8Array, pong: string): MicroTask {
  return {
    name,
    check() {
      const now = later(STARTED_AT, 1);
      connection.handleBytes(ping, now);
      const effects = effectsOf(connection, now);
      expectSame(writtenBy(effects), pong);
      expectSame(
        effects.map((effect) => effect.do),
        ["beat", "write"],
      );
    },
    run: repeated((now) => {
      connection.handleBytes(ping, now);
      return drain(connection, now) + (connection.deadline() ?? 0);
    }),
  };
}

function hearing(name: string, connection: Connection, message: Uint8Array): MicroTask {
  const once = (now: Instant): number => {
    connection.handleBytes(message, now);
    let sum = drain(connection, now);
    // The time of an ACK, which in life comes with the next write or by the alarm.
    const at = later(now, 100);
    connection.handleTimeout(at);
    sum += drain(connection, at);
    return sum + (connection.deadline() ?? 0);
  };
  return {
    name,
    check() {
      connection.handleBytes(message, STARTED_AT);
      const delivered = effectsOf(connection, STARTED_AT).flatMap((effect) =>
        effect.do === "deliver" ? [effect.data] : [],
      );
      expectSame(delivered, [TEXT]);
    },
    run: repeated(once),
  };
}

function sayingLine(): MicroTask {
  const connection = lineConnection();
  return {
    name: "machine: line message of 64 B out",
    check() {
      connection.send(TEXT, STARTED_AT);
      const effects = effectsOf(connection, STARTED_AT);
      expectSame(writtenBy(effects), `${TEXT}\n`);
      expectSame(connection.outboxBytes, 0);
    },
    run: repeated((now) => {
      connection.send(TEXT, now);
      return drain(connection, now) + (connection.deadline() ?? 0);
    }),
  };
}

function sayingFrame(): MicroTask {
  const connection = openFrameConnection();
  let sent = 0;
  const ack = (): Uint8Array => encodeFrame({ kind: "ack", messages: sent, partBytes: 0 });
  return {
    name: "machine: TEXT of 64 B out, its ACK made and heard",
    check() {
      connection.send(TEXT, STARTED_AT);
      sent += 1;
      drain(connection, STARTED_AT);
      expectSame(connection.outboxBytes, 64);
      connection.handleBytes(ack(), STARTED_AT);
      drain(connection, STARTED_AT);
      expectSame(connection.outboxBytes, 0);
    },
    run: repeated((now) => {
      connection.send(TEXT, now);
      sent += 1;
      let sum = drain(connection, now);
      connection.handleBytes(ack(), now);
      sum += drain(connection, now);
      return sum + (connection.deadline() ?? 0);
    }),
  };
}
