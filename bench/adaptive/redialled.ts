/**
 * The way back: dials with full jitter as the product makes them, through what is left of an outage
 * or of a server's restart.
 *
 * A dial into an outage is not refused. Its SYN is sent again after 1, 3 and 7 seconds, so that a
 * dial which began in an outage and outlived it shows a slow handshake.
 */
import { type Random, uniform } from "../../src/base/random.ts";
import type { Trouble } from "./beat-trouble.ts";

export interface Redialled {
  readonly onlineMs: number;
  readonly failedDials: number;
  readonly handshakeMs: number;
}

const SYN_MS = [0, 1_000, 3_000, 7_000] as const;
const DIAL_MS_MAX = 10_000;
const BACKOFF_MS_BASE = 1_000;
const BACKOFF_MS_CAP = 60_000;
/** TCP, TLS and the greeting. */
const HANDSHAKE_RTTS = 4;
/** Behind a balancer a dead server is replaced at once; alone it needs some seconds. */
const REPLACED_SHARE = 0.3;
const RESTART_MS_MAX = 5_000;

export function redial(
  endedMs: number,
  trouble: Trouble | undefined,
  rttMs: number,
  random: Random,
): Redialled {
  const handshakeMs = HANDSHAKE_RTTS * rttMs * uniform(random, 0.9, 1.2);
  const isCrash = trouble?.kind === "crash";
  const reachableMs = reachableFrom(endedMs, trouble, random);
  let dialMs = endedMs;
  for (let failedDials = 0; ; failedDials++) {
    dialMs += uniform(random, 0, Math.min(BACKOFF_MS_CAP, BACKOFF_MS_BASE * 2 ** failedDials));
    // Nobody refuses in an outage; a restarting server's kernel does, within a round trip.
    const tries = isCrash ? [0] : SYN_MS;
    const waitedMs = tries.find((ms) => dialMs + ms >= reachableMs);
    if (waitedMs !== undefined) {
      const tookMs = waitedMs + handshakeMs;
      return { onlineMs: dialMs + tookMs, failedDials, handshakeMs: tookMs };
    }
    dialMs += isCrash ? rttMs : DIAL_MS_MAX;
  }
}

function reachableFrom(endedMs: number, trouble: Trouble | undefined, random: Random): number {
  if (trouble?.kind === "crash") {
    if (random.next() < REPLACED_SHARE) return endedMs;
    return endedMs + uniform(random, 0, RESTART_MS_MAX);
  }
  if (trouble?.kind !== "outage") return endedMs;
  // The verdict fell five seconds after the ping, and the outage had begun before that.
  return endedMs - 5_000 - trouble.sinceMs + trouble.lengthMs;
}
