/** Gathers what is known of a guarded connection, for its record and for tables. */
import { elapsedMs, type Instant } from "../base/time.ts";
import type { GuardEvidence } from "./guard-record.ts";
import type { Guarded } from "./guarded.ts";

/** As of the last look. */
export function gatherEvidence(guarded: Guarded, timeoutMs: number, now: Instant): GuardEvidence {
  const { monitor, traffic } = guarded;
  const { estimator, movedAt, outstanding } = monitor;
  return {
    heardMsAgo: monitor.everHeard ? elapsedMs(monitor.heardAt, now) : undefined,
    spokeMsAgo: traffic.hasSpoken ? elapsedMs(monitor.spokeAt, now) : undefined,
    movedMsAgo: movedAt === undefined ? undefined : elapsedMs(movedAt, now),
    queuedBytes: guarded.queuedBytes,
    unackedBytes: traffic.unackedBytes,
    pingMsAgo: outstanding === undefined ? undefined : elapsedMs(outstanding.at, now),
    rttMs: estimator.latestMs,
    srttMs: estimator.srttMs,
    timeoutMs,
    ourLatenessMs: monitor.shiftedMs,
    unreadMs: monitor.unreadMs,
    heldForMassExpiry: monitor.held,
    verdict: monitor.verdict,
    isJudged: guarded.isJudged,
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesTaken,
  };
}
