/**
 * What an idle connection costs on the wire: its pings, their answers, and the kernel's keepalive
 * where that comes between them.
 *
 * Assumed: IPv4 (20 bytes) and TCP with timestamps (32 bytes) for each packet; one bare
 * acknowledgement in each direction for each exchange, which is the worst case, since an answer
 * that comes at once carries the acknowledgement of the ping. Frames are measured with the codec:
 * the numbers of pings grow through the day, and their encoding with them.
 */
import { jitterMsMax } from "../../liveness/beat-schedule.ts";
import { DURATION_MS_MAX } from "../../liveness/lease.ts";
import type { KeepaliveConfig } from "../../transports/transport.ts";
import { encodePing, encodePong } from "../../wire/frame-codec.ts";
import type { LineWords } from "../../wire/line-words.ts";

/** Of one connection, for its first day, at one interval. */
export interface Traffic {
  readonly intervalMs: number;
  readonly pingsPerDay: number;
  /** The longest ping and answer of the day, as they are on the wire. */
  readonly pingBytes: number;
  readonly pongBytes: number;
  readonly payloadBytesPerDay: number;
  readonly packetsPerDay: number;
  /** With the headers of IP and TCP. */
  readonly wireBytesPerDay: number;
  /** Probes of the kernel and their answers, in the packets above. */
  readonly keepalivePacketsPerDay: number;
  /** How often a radio is woken, at the most. */
  readonly wakeupsPerDay: number;
}

/** The same for all connections of a server. */
export interface TrafficOfAll {
  readonly connections: number;
  readonly pingsPerSecond: number;
  readonly packetsPerSecond: number;
  readonly wireBytesPerSecond: number;
  readonly wireBytesPerDay: number;
}

export interface Speakers {
  readonly dialect: "frame" | "line";
  readonly words: LineWords;
  readonly answersExpected: boolean;
  readonly keepalive: KeepaliveConfig | false;
}

/** In bytes: IPv4 20, TCP 20 with 12 of timestamps. */
export const HEADER_BYTES = 52;
const PER_VARINT_BYTE = 128;
const DAY_SECONDS: number = DURATION_MS_MAX / 1_000;

export function trafficOf(intervalMs: number, speakers: Speakers): Traffic {
  const pings = Math.round(DURATION_MS_MAX / (intervalMs - jitterMsMax(intervalMs) / 2));
  const { pingBytes, pongBytes, sumBytes } = payload(pings, intervalMs, speakers);
  const probes = pings * probesWithin(intervalMs, speakers.keepalive);
  // A ping, its answer, and a bare acknowledgement of each; a probe and its answer.
  const packets = pings * (speakers.answersExpected ? 4 : 2) + probes * 2;
  return {
    intervalMs,
    pingsPerDay: pings,
    pingBytes,
    pongBytes,
    payloadBytesPerDay: sumBytes,
    packetsPerDay: packets,
    wireBytesPerDay: sumBytes + packets * HEADER_BYTES,
    keepalivePacketsPerDay: probes * 2,
    wakeupsPerDay: pings + probes,
  };
}

export function trafficOfAll(traffic: Traffic, connections: number): TrafficOfAll {
  const perSecond = (perDay: number): number => (perDay * connections) / DAY_SECONDS;
  return {
    connections,
    pingsPerSecond: perSecond(traffic.pingsPerDay),
    packetsPerSecond: perSecond(traffic.packetsPerDay),
    wireBytesPerSecond: perSecond(traffic.wireBytesPerDay),
    wireBytesPerDay: traffic.wireBytesPerDay * connections,
  };
}

interface Payload {
  readonly pingBytes: number;
  readonly pongBytes: number;
  readonly sumBytes: number;
}

function payload(pings: number, intervalMs: number, speakers: Speakers): Payload {
  const { dialect, words, answersExpected } = speakers;
  if (dialect === "line") {
    const pingBytes = words.pingBytes.length;
    const pong = answersExpected ? words.pongBytes : false;
    const pongBytes = pong === false ? 0 : pong.length;
    return { pingBytes, pongBytes, sumBytes: pings * (pingBytes + pongBytes) };
  }
  let [pingBytes, pongBytes, sumBytes] = [0, 0, 0];
  // Between two powers of 128 all numbers are encoded in equally many bytes.
  for (let from = 1; from <= pings; from *= PER_VARINT_BYTE) {
    const count = Math.min(pings + 1, from * PER_VARINT_BYTE) - from;
    pingBytes = encodePing(from, intervalMs).length;
    pongBytes = encodePong(from, 0).length; // A server promises nothing.
    sumBytes += count * (pingBytes + pongBytes);
  }
  return { pingBytes, pongBytes, sumBytes };
}

/** A probe and its answer count as heard at both ends, so the two kernels do not add up. */
function probesWithin(intervalMs: number, keepalive: KeepaliveConfig | false): number {
  if (keepalive === false) return 0;
  return Math.max(0, Math.ceil(intervalMs / keepalive.idleMs) - 1);
}
