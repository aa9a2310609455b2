/**
 * What is remembered of a network: plain data, fit for JSON, with times of the wall clock, since it
 * outlives processes.
 *
 * Easy to break: it comes back from files and browsers, where anybody may have written. Whatever is
 * out of range is clamped, and what is no memory at all is none.
 */

export const NETWORK_MEMORY_VERSION = 1;

export interface NetworkMemory {
  readonly version: typeof NETWORK_MEMORY_VERSION;
  /** The longest gap that is known to survive. */
  readonly survivedMs: number;
  /** The shortest gap that is believed to break, and when to try again. */
  readonly broken: RememberedBreak | undefined;
}

interface RememberedBreak {
  readonly gapMs: number;
  readonly recheckAtWallMs: number;
  readonly delayMs: number;
}

const GAP_MS_MIN = 10;
const GAP_MS_MAX = 86_400_000;
const DELAY_MS_MIN = 60_000;
const DELAY_MS_MAX = 7 * 86_400_000;
/** The last moment that a Date can name. */
const WALL_MS_MAX = 8.64e15;

/** Takes anything; undefined if it is no memory of this version. */
export function parseNetworkMemory(value: unknown): NetworkMemory | undefined {
  if (!isRecord(value) || value["version"] !== NETWORK_MEMORY_VERSION) return undefined;
  const survivedMs = clamped(value["survivedMs"], GAP_MS_MIN, GAP_MS_MAX);
  if (survivedMs === undefined) return undefined;
  const broken = parseBreak(value["broken"], survivedMs);
  return { version: NETWORK_MEMORY_VERSION, survivedMs, broken };
}

function parseBreak(value: unknown, survivedMs: number): RememberedBreak | undefined {
  if (!isRecord(value)) return undefined;
  const gapMs = clamped(value["gapMs"], survivedMs, GAP_MS_MAX);
  const delayMs = clamped(value["delayMs"], DELAY_MS_MIN, DELAY_MS_MAX);
  const recheckAtWallMs = clamped(value["recheckAtWallMs"], 0, WALL_MS_MAX);
  if (gapMs === undefined || delayMs === undefined || recheckAtWallMs === undefined) {
    return undefined;
  }
  return { gapMs, recheckAtWallMs, delayMs };
}

function clamped(value: unknown, min: number, max: number): number | undefined {
  if (typeof value !== "number" || Number.isNaN(value)) return undefined;
  return Math.min(max, Math.max(min, value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
