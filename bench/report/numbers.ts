/**
 * How numbers are written in reports: one way for each unit, the same on every machine.
 *
 * Nothing here asks for a locale, which would write the same run differently elsewhere. A column
 * names its unit once, in its head, so values carry none.
 */
import { type FigureId, factsOf } from "../figures.ts";
import type { Summary } from "../stats/summary.ts";

const KILOBYTE = 1024;
const MEGABYTE = 1024 * 1024;

/** Above this share of the median, the two ends say more than a percentage. */
const SPREAD_SHARE_MAX = 1;

/** Whole, with commas: `131,234`. */
export function thousands(value: number): string {
  const digits = Math.abs(Math.round(value)).toString();
  return signOf(Math.round(value)) + digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Four digits that count, since no rate is known better: `131,200`. */
export function rate(value: number): string {
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value)));
  if (Math.abs(value) < 999.95) return fixed(value, Math.min(2, 3 - power));
  const step = 10 ** Math.max(0, power - 3);
  return thousands(Math.round(value / step) * step);
}

export function kilobytes(bytes: number): string {
  return grouped(bytes / KILOBYTE, 2);
}

export function megabytes(bytes: number): string {
  return grouped(bytes / MEGABYTE, 2);
}

/** `4.83`, `16.5`, `1,240`: about three digits that count. */
export function microseconds(us: number): string {
  return grouped(us, digitsFor(us));
}

/** `0.83`, `49.2`, `126`. */
export function milliseconds(ms: number): string {
  return grouped(ms, digitsFor(ms));
}

/** A share of one core in percent, without the sign: `0.28`, `97.4`, `100`. */
export function corePercent(share: number): string {
  return grouped(share * 100, digitsFor(share * 100));
}

/** A share in percent, without the sign, where hundredths of a percent matter: `7.9`, `0.08`. */
export function sharePercent(share: number): string {
  const percent = share * 100;
  return fixed(percent, Math.abs(percent) < 0.995 ? 2 : 1);
}

/** Two digits after the point up to a hundred: `0.76`, `12.40`, `1,240`. */
export function ratio(value: number): string {
  return grouped(value, value < 99.995 ? 2 : 0);
}

/** What a ratio means as a change: `+3.1%`, `−0.4%`, `0.0%`. */
export function change(value: number): string {
  const text = fixed((value - 1) * 100, 1);
  return `${value > 1 && text !== "0.0" ? "+" : ""}${text}%`;
}

/**
 * Half of the way from the least to the most, in percent of the median: `±3%`. Empty for a single
 * value, which has no spread.
 */
export function spread(share: number): string {
  const percent = share * 100;
  const isWhole = percent >= 0.95 || percent < 0.05;
  return `±${isWhole ? percent.toFixed(0) : percent.toFixed(1)}%`;
}

/** The spread of a summary; the two ends where the median is too near to nothing to divide by. */
export function spreadOf(summary: Summary, write: (value: number) => string): string {
  if (summary.count < 2) return "";
  if (summary.spread <= SPREAD_SHARE_MAX && summary.median !== 0) return spread(summary.spread);
  const [min, max] = [write(summary.min), write(summary.max)];
  return min === max ? "±0%" : `${min} to ${max}`;
}

/** The unit that the head of a column names; empty where the title says it already. */
export function figureUnit(id: FigureId): string {
  if (id === "memoryAfter") return "MB";
  const { unit } = factsOf(id);
  switch (unit) {
    case "bytes":
      return "KB";
    case "us":
      return "µs";
    case "ms":
      return "ms";
    case "per second":
      return "";
    case "share of a core":
      return "% of a core";
    default:
      return unit satisfies never;
  }
}

/** A value of a figure, in the unit that `figureUnit` names. */
export function figureValue(id: FigureId, value: number): string {
  if (id === "memoryAfter") return megabytes(value);
  const { unit } = factsOf(id);
  switch (unit) {
    case "bytes":
      return kilobytes(value);
    case "us":
      return microseconds(value);
    case "ms":
      return milliseconds(value);
    case "per second":
      return rate(value);
    case "share of a core":
      return corePercent(value);
    default:
      return unit satisfies never;
  }
}

function digitsFor(value: number): number {
  const size = Math.abs(value);
  if (size < 9.995) return 2;
  return size < 99.95 ? 1 : 0;
}

function grouped(value: number, digits: number): string {
  if (Math.abs(value) < 1000) return fixed(value, digits);
  const [whole = "", rest] = Math.abs(value).toFixed(digits).split(".");
  return signOf(value) + thousands(Number(whole)) + (rest === undefined ? "" : `.${rest}`);
}

/** Never a zero with a sign, which would read like a loss. */
function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : signOf(value) + text;
}

function signOf(value: number): string {
  return value < 0 ? "−" : "";
}
