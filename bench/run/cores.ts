/**
 * Which core the server under test runs on, and which the load generators.
 *
 * Sharing one core would measure how the two are scheduled. `taskset` of util-linux pins; without
 * it, or with a single core, nothing is pinned and the results say so.
 */
import { readFileSync } from "node:fs";
import { findProgram } from "../contenders/programs.ts";

export interface Pinning {
  readonly server: number;
  readonly load: string;
}

export function choosePinning(): Pinning | undefined {
  if (findProgram("taskset") === undefined) return undefined;
  return pinningAmong(allowedCores());
}

/** The last core serves, since interrupts tend to go to the first; one other makes the load. */
export function pinningAmong(cores: readonly number[]): Pinning | undefined {
  if (cores.length < 2) return undefined;
  return { server: cores.at(-1) as number, load: String(cores[0]) };
}

/** As the kernel writes a list of cores: `0-3,8`. */
export function parseCoreList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

function allowedCores(): number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  return parseCoreList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "");
}
