/** The time of a certificate, in words. */

const DAY_MS = 86_400_000;

/** Completes "the certificate of … ": why it is out of its time, or whose time is out. */
export function sayTimes(validFromWallMs: number, validToWallMs: number, nowMs: number): string {
  if (nowMs > validToWallMs) {
    return `expired ${sayDays(nowMs - validToWallMs)} ago, on ${sayDate(validToWallMs)}: renew it`;
  }
  if (nowMs < validFromWallMs) {
    return (
      `is valid only from ${sayDate(validFromWallMs)}, in ${sayDays(validFromWallMs - nowMs)}: ` +
      "are the clocks of both machines right?"
    );
  }
  return "is in its time, but one between it and its authority is not: renew that";
}

/** `2026-11-23`, or `never` for what cannot be read. */
export function sayDate(wallMs: number): string {
  return Number.isFinite(wallMs) ? new Date(wallMs).toISOString().slice(0, 10) : "never";
}

/** Whole days: `3 days`, `1 day`, `less than a day`. */
export function sayDays(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days < 1) return "less than a day";
  return days === 1 ? "1 day" : `${days} days`;
}
