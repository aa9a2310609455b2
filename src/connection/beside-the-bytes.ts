/**
 * What a transport tells besides bytes: that it has to agree on something first (TLS, an upgrade),
 * that it heard something of its own, and that its own protocol was pinged.
 *
 * Easy to break: a sign of life is evidence in every phase, but neither a first byte nor progress
 * of a handshake; whoever only keeps a pipe warm gets no more time to say HELLO.
 */
import type { Instant } from "../base/time.ts";
import type { Connection } from "./connection.ts";

/** The pipe is not ready: until it is, the time of the handshake runs. */
export function handlePreparing(connection: Connection, now: Instant): void {
  if (connection.phase === "silent") connection.handshake.prepare(now);
}

/** The pipe is ready: bytes may come. */
export function handleReady(connection: Connection, now: Instant): void {
  if (connection.phase === "silent") connection.handshake.ready(now);
}

/** Something came that is no byte of the stream. `heldBytes` as the transport tells it. */
export function handleHeard(connection: Connection, heldBytes: number, now: Instant): void {
  if (connection.phase === "ended") return;
  connection.heartbeat.monitor.heard(now);
  connection.heartbeat.tellVerdict(connection.effects);
  if (connection.isDeaf) return;
  connection.input.transportBytes = heldBytes;
  connection.input.settle(now);
}

/** Whether a ping of the transport's own protocol may be answered. Pings are counted together. */
export function handleNativePing(connection: Connection, now: Instant): boolean {
  if (connection.phase === "ended" || connection.isDeaf) return false;
  connection.heartbeat.monitor.heard(now);
  connection.heartbeat.tellVerdict(connection.effects);
  const { input, heartbeat } = connection;
  input.pingsIn += 1;
  // Where pings have numbers of their own, the last number is the peer's business.
  if (connection.dialect !== "frame") input.lastPingSeqIn = input.pingsIn;
  const ruling = heartbeat.onNativePing(now);
  if (ruling === "flood") {
    connection.breakOff("PING_FLOOD", `${input.pingsIn} pings in all`, now);
  }
  return ruling === "answered";
}
