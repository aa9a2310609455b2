/**
 * What each thing heard means in each phase.
 *
 * The peer is not trusted: whatever does not belong here ends the connection with a cause, never
 * with an exception.
 */
import type { Instant } from "../base/time.ts";
import type { Frame } from "../wire/frame.ts";
import type { Connection } from "./connection.ts";
import { endingSaid } from "./ending.ts";
import { beginFarewell } from "./farewell.ts";
import { WRONG_DIALECT_LINE } from "./greetings.ts";
import { isTlsAlert, TLS_ALERT_DETAIL } from "./tls-records.ts";
import type { Heard } from "./speech.ts";

/** Empties the decoder. Stops when the connection ended or said goodbye for a fault. */
export function hear(connection: Connection, now: Instant): void {
  const { input } = connection;
  for (let heard = input.next(); heard !== undefined; heard = input.next()) {
    if (heard.kind === "fault") {
      connection.breakOff(heard.code, heard.detail, now);
      return;
    }
    understand(connection, heard, now);
    if (connection.isDeaf) return;
    input.completed();
  }
}

/** A client whose server answers by an alert of TLS has the wrong url. True: it has ended. */
export function answersInTls(connection: Connection, bytes: Uint8Array, now: Instant): boolean {
  if (connection.config.role !== "client" || !isTlsAlert(bytes)) return false;
  connection.breakOff("TLS_FAILED", TLS_ALERT_DETAIL, now);
  return true;
}

function understand(
  connection: Connection,
  heard: Exclude<Heard, { kind: "fault" }>,
  now: Instant,
): void {
  switch (heard.kind) {
    case "ping":
      return onPing(connection, heard, now);
    case "pong":
      return onPong(connection, heard, now);
    case "line":
      return onLine(connection, heard.text, heard.replaced);
    case "part":
      return onPart(connection, heard, now);
    case "ack":
      return onAck(connection, heard, now);
    case "slow":
      if (!isOpen(connection, "SLOW", now)) return;
      return connection.heartbeat.slowDown(heard.intervalMs, now);
    case "preface":
      return onPreface(connection, heard.version, now);
    case "hello":
      return onHello(connection, heard, now);
    case "welcome":
      return onWelcome(connection, heard, now);
    case "goaway":
      if (connection.sentAway) return; // Once is enough.
      connection.sentAway = true;
      connection.effects.push({ do: "goaway", goaway: heard.goaway });
      return;
    case "end": {
      beginFarewell(connection, "peer-finished", endingSaid(heard.code), false, now);
      if (connection.farewell === undefined) return;
      connection.farewell.peerSaid = { code: heard.code, reason: heard.reason };
      return;
    }
    default:
      heard satisfies never;
  }
}

function onPing(connection: Connection, ping: Frame & { kind: "ping" }, now: Instant): void {
  if (!isOpen(connection, "PING", now)) return;
  const { input, heartbeat } = connection;
  input.pingsIn += 1;
  const seq = ping.seq === 0 ? input.pingsIn : ping.seq;
  input.lastPingSeqIn = seq;
  if (heartbeat.onPing(ping.seq, ping.nextMs, now) === "flood") {
    connection.breakOff("PING_FLOOD", `${input.pingsIn} pings in all`, now);
    return;
  }
  const { nextMs } = ping;
  connection.effects.push({ do: "beat", of: "theirs", seq, rttMs: undefined, nextMs });
}

function onPong(connection: Connection, pong: Frame & { kind: "pong" }, now: Instant): void {
  if (!isOpen(connection, "PONG", now)) return;
  const { heartbeat } = connection;
  const rttMs = heartbeat.onPong(pong.seq, pong.nextMs, now);
  if (rttMs === undefined) return; // A heard byte, and no sample.
  const { nextMs } = pong;
  connection.effects.push({ do: "beat", of: "ours", seq: heartbeat.pingsOut, rttMs, nextMs });
}

function onLine(connection: Connection, text: string, replaced: boolean): void {
  const { input, config } = connection;
  // Only as the whole of what it heard does this tell a client that it knocked at the wrong port;
  // whoever else says it, at any other time, has just sent a message.
  const isFirst = input.messagesIn === 0 && input.bytesIn === text.length + 1;
  connection.wrongDialectTold = config.role === "client" && isFirst && text === WRONG_DIALECT_LINE;
  input.messagesIn += 1;
  if (replaced) input.replacedLines += 1;
  connection.effects.push({ do: "deliver", data: text });
}

function onPart(connection: Connection, part: Frame & { kind: "part" }, now: Instant): void {
  if (!isOpen(connection, "a message", now)) return;
  // After our END no ACK can be sent, so the peer counts what comes now as undelivered; so do we.
  if (connection.farewell?.lastWordSaid === true) return;
  const { input } = connection;
  const whole = input.part(part, now);
  if (whole === undefined) return;
  if (typeof whole === "object" && "kind" in whole) {
    connection.breakOff(whole.code, whole.detail, now);
    return;
  }
  connection.effects.push({ do: "deliver", data: whole });
}

function onAck(connection: Connection, ack: Frame & { kind: "ack" }, now: Instant): void {
  if (!isOpen(connection, "ACK", now)) return;
  const gained = connection.output.acknowledged(ack.messages, ack.partBytes, now);
  if (gained === undefined) {
    connection.breakOff("FRAME_INVALID", "ACK names messages that were never sent", now);
  } else if (gained > 0) connection.handleMoved(now);
}

function onPreface(connection: Connection, version: number, now: Instant): void {
  if (version >= 1) return;
  connection.breakOff("VERSION_UNSUPPORTED", `version ${version} is not spoken here`, now);
}

function onHello(connection: Connection, heard: Frame & { kind: "hello" }, now: Instant): void {
  if (connection.phase !== "greeting") {
    connection.breakOff("FRAME_INVALID", "a second HELLO came", now);
    return;
  }
  connection.hello = heard.hello;
  connection.move("hello-heard");
  connection.effects.push({ do: "hello", hello: heard.hello });
}

function onWelcome(connection: Connection, heard: Frame & { kind: "welcome" }, now: Instant): void {
  if (connection.phase !== "greeting") {
    connection.breakOff("FRAME_INVALID", "a second WELCOME came", now);
    return;
  }
  connection.welcomed = heard.welcome;
  connection.open("welcomed", now);
  connection.heartbeat.startFrameClient(heard.welcome, now);
}

/** Everything but the handshake and the last words belongs between them. */
function isOpen(connection: Connection, what: string, now: Instant): boolean {
  if (connection.wasOpen) return true;
  connection.breakOff("FRAME_INVALID", `${what} came before the handshake was complete`, now);
  return false;
}
