/** What the kernel says of another process. Linux only, as the bench is. */
import { readdirSync, readFileSync } from "node:fs";

/** Resident memory in bytes, exact: the counters of `statm` may lag behind by megabytes. */
export function residentBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kibibytes = /^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup names no Rss`);
  return Number(kibibytes) * 1024;
}

export function descriptorCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
