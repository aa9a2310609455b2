/** Durations and sizes as people write them on a command line, and as sentences say them. */

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DAY_MS = 86_400_000;
type Unit = keyof typeof UNITS_MS;

const UNITS_BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
type ByteUnit = keyof typeof UNITS_BYTES;

/** For messages about what was expected. */
export const DURATION_EXPECTED = "a duration such as 250ms, 30s, 1.5s, 5m or 2h";
export const SIZE_EXPECTED = "a size such as 512B, 64KiB or 1MiB";

/** Milliseconds, or undefined for what is not a duration. A bare number is none: of what unit? */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  if (parts === null) return undefined;
  return Math.round(Number(parts[1]) * UNITS_MS[parts[2] as Unit]);
}

/** Bytes, or undefined for what is not a size. */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d{1,9}(?:\.\d{1,3})?)(B|KiB|MiB|GiB)$/.exec(text);
  if (parts === null) return undefined;
  return Math.round(Number(parts[1]) * UNITS_BYTES[parts[2] as ByteUnit]);
}

/** The shortest way to write it as a flag: `parseDuration` reads it back. */
export function writeDuration(ms: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    if (ms >= UNITS_MS[unit] && ms % UNITS_MS[unit] === 0) return `${ms / UNITS_MS[unit]}${unit}`;
  }
  return ms > 1_000 && ms % 100 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

/** The shortest way to write it as a flag: `parseSize` reads it back. */
export function writeSize(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"] as const) {
    if (bytes >= UNITS_BYTES[unit] && bytes % UNITS_BYTES[unit] === 0) {
      return `${bytes / UNITS_BYTES[unit]}${unit}`;
    }
  }
  return `${bytes}B`;
}

/** As a sentence says it: `3 ms`, `60.2 s`, `5 min`, `2 h 5 min`. */
export function sayDuration(ms: number): string {
  if (ms < 1) return "less than 1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${trimmed(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/** As `sayDuration`, where minutes are too coarse: `5 min 50 s`, `2 h 4 min`, `5 days`. */
export function sayPrecisely(ms: number): string {
  if (ms < 120_000) return sayDuration(ms);
  if (ms >= 2 * DAY_MS && ms % DAY_MS === 0) return `${ms / DAY_MS} days`;
  const seconds = Math.round(ms / 1_000);
  const rest = seconds % 60;
  if (seconds >= 7_200) return sayDuration(ms);
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** As a sentence says it: `12 bytes`, `64.5 KiB`. */
export function saySize(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  for (const unit of ["GiB", "MiB"] as const) {
    if (bytes >= UNITS_BYTES[unit]) return `${trimmed(bytes / UNITS_BYTES[unit])} ${unit}`;
  }
  return `${trimmed(bytes / UNITS_BYTES.KiB)} KiB`;
}

/** One decimal, unless it is a zero. */
function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
