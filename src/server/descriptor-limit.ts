/**
 * How many files this process may have open, as far as the system tells.
 *
 * Linux says so in /proc; Node itself has already raised the soft limit to the hard one by the time
 * any of our code runs.
 */
import { readFileSync } from "node:fs";

/** Undefined where it cannot be known. */
export function readDescriptorLimit(): number | undefined {
  try {
    return descriptorLimitOf(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return undefined; // Not Linux, or /proc is not mounted.
  }
}

/** Finds the soft limit in the text of /proc/self/limits. */
export function descriptorLimitOf(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
