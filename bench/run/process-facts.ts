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

/** What `sysconf(_SC_CLK_TCK)` says on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time that it has used so far, in steps of a hundredth. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Its own name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]].map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND;
}
