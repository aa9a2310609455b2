/** The options of the adaptive interval: what users may say, and what follows from it. */
import { OptionReader } from "../base/options.ts";
import type { NetworkStore } from "./adaptive/network-book.ts";
import { DURATION_MS_MAX, INTERVAL_MS_MIN } from "./lease.ts";

export interface AdaptiveOptions {
  /**
   * The shortest interval: where nothing is known of a network, and while one is unsettled. In ms,
   * 10 to 86,400,000. Default 25,000: below the 30 s after which the most forgetful middleboxes
   * drop a flow, with room for a late timer.
   */
  readonly intervalMsMin?: number | undefined;
  /**
   * The longest interval that a patient path may be given, in ms, `intervalMsMin` to 86,400,000.
   * Default 600,000: a vanished server is found ten minutes later at the worst, and longer silence
   * saves little. A server grants no more than its `leaseMsMax`.
   */
  readonly intervalMsMax?: number | undefined;
  /**
   * Where what was learnt of each network is kept for the next run. Default: in memory, for the
   * life of the link. `networkFile(path)` and `networkStorage(localStorage)` keep it longer.
   */
  readonly memory?: NetworkStore | undefined;
}

export interface AdaptiveChoice {
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  readonly memory: NetworkStore | undefined;
}

const INTERVAL_MS_MIN_DEFAULT = 25_000;
const INTERVAL_MS_MAX_DEFAULT = 600_000;

/** @throws HoldfastError `OPTION_INVALID` naming the option, its range and what came. */
export function readAdaptive(options: AdaptiveOptions | false | undefined): AdaptiveChoice | false {
  if (options === undefined || options === false) return false;
  const read = new OptionReader("heartbeat.adaptive", options);
  const intervalMsMin = read.integer("intervalMsMin", {
    default: INTERVAL_MS_MIN_DEFAULT,
    min: INTERVAL_MS_MIN,
    max: DURATION_MS_MAX,
  });
  const intervalMsMax = read.integer("intervalMsMax", {
    default: Math.max(INTERVAL_MS_MAX_DEFAULT, intervalMsMin),
    min: intervalMsMin,
    max: DURATION_MS_MAX,
  });
  const memory = readMemory(read);
  read.done();
  return { intervalMsMin, intervalMsMax, memory };
}

function readMemory(read: OptionReader): NetworkStore | undefined {
  const memory = read.value("memory");
  if (memory === undefined) return undefined;
  if (typeof memory === "object" && memory !== null && "read" in memory && "write" in memory) {
    return memory as NetworkStore;
  }
  throw read.refuse("`memory` must be a store with `read` and `write`, such as networkFile(path)");
}
