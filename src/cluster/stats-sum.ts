/** The statistics of several servers as if they were one. Pure. */
import type { ErrorCode } from "../base/errors.ts";
import type { CountsByCode, ServerStats } from "../server/server-stats.ts";

const NOTHING: ServerStats = {
  open: 0,
  silent: 0,
  greeting: 0,
  refusing: 0,
  accepted: 0,
  ended: {},
  rejected: {},
  acceptFailures: 0,
  bufferedBytes: 0,
  bufferedBytesPeak: 0,
  messagesIn: 0,
  broadcastSkips: 0,
  stalls: 0,
  massExpiries: 0,
  clampedLeases: 0,
  invalidLines: 0,
  droppedAnswers: 0,
};

/** The sum of each count; of the peaks, too, since nobody knows whether they came together. */
export function sumStats(all: readonly ServerStats[]): ServerStats {
  let total = NOTHING;
  for (const one of all) total = added(total, one);
  return total;
}

/** What is left of the statistics of a process that is no more. */
export function afterwards(stats: ServerStats): ServerStats {
  return { ...stats, open: 0, silent: 0, greeting: 0, refusing: 0, bufferedBytes: 0 };
}

function added(one: ServerStats, other: ServerStats): ServerStats {
  const total: Record<string, unknown> = {};
  for (const name of Object.keys(NOTHING) as (keyof ServerStats)[]) {
    const [a, b] = [one[name], other[name]];
    total[name] = typeof a === "number" && typeof b === "number" ? a + b : a;
  }
  const ended = addedByCode(one.ended, other.ended);
  const rejected = addedByCode(one.rejected, other.rejected);
  return { ...(total as unknown as ServerStats), ended, rejected };
}

function addedByCode(one: CountsByCode, other: CountsByCode): CountsByCode {
  const total = new Map<ErrorCode, number>();
  for (const counts of [one, other]) {
    for (const [code, count] of Object.entries(counts) as [ErrorCode, number][]) {
      total.set(code, (total.get(code) ?? 0) + count);
    }
  }
  return Object.fromEntries(total);
}
