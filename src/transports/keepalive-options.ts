/** Options of TCP keepalive, for both sides. Pure, unlike most of this room: clients read it. */
import { OptionReader } from "../base/options.ts";
import type { KeepaliveConfig } from "./transport.ts";

/** The kernel counts whole seconds, so these are multiples of 1_000. */
export interface KeepaliveOptions {
  /**
   * Silence before the kernel's first probe.
   *
   * @unit milliseconds, in whole seconds
   * @range 1_000 to 32_767_000
   * @default 60_000: below the four to five minutes after which common NATs forget a flow. Longer
   * where longer silence is wanted, by an adaptive interval or a longer `leaseMsMax` than
   * `timeoutMs`: probes that come sooner would wake what is to sleep, and hide what the path does.
   */
  readonly idleMs?: number | undefined;

  /**
   * Between probes. Where the runtime cannot set it, `kernelOptions()` says what is in force.
   *
   * @unit milliseconds, in whole seconds
   * @range 1_000 to 32_767_000
   * @default 10_000
   */
  readonly intervalMs?: number | undefined;

  /**
   * Unanswered probes after which the kernel gives the connection up.
   *
   * @range 1 to 127
   * @default 5
   */
  readonly count?: number | undefined;
}

const DEFAULTS: KeepaliveConfig = { idleMs: 60_000, intervalMs: 10_000, count: 5 };

/** What Linux takes: 32_767 seconds. */
const MS_MAX = 32_767_000;

/**
 * @param group How messages name these options.
 * @param value What the user gave: the options, false for off, or undefined.
 * @param boundMs `deadWithinMs`, from which the defaults follow when it is a number.
 * @param quietMs How long silence is wanted at the most: no probe comes sooner by default.
 * @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came.
 */
export function readKeepalive(
  group: string,
  value: unknown,
  boundMs: unknown,
  quietMs = 0,
): KeepaliveConfig | false {
  if (value === false) return false;
  const read = new OptionReader(group, value as KeepaliveOptions | undefined);
  const defaults = typeof boundMs === "number" ? keepaliveWithin(boundMs) : keepaliveAfter(quietMs);
  const seconds = (name: "idleMs" | "intervalMs"): number => {
    const ms = read.integer(name, { default: defaults[name], min: 1_000, max: MS_MAX });
    if (ms % 1_000 === 0) return ms;
    throw read.refuse(`\`${name}\` must be whole seconds, in milliseconds, got ${ms}`);
  };
  const idleMs = seconds("idleMs");
  const intervalMs = seconds("intervalMs");
  const count = read.integer("count", { default: defaults.count, min: 1, max: 127 });
  read.done();
  return { idleMs, intervalMs, count };
}

function keepaliveAfter(quietMs: number): KeepaliveConfig {
  const wholeMs = Math.ceil(quietMs / 1_000) * 1_000;
  return { ...DEFAULTS, idleMs: Math.min(MS_MAX, Math.max(DEFAULTS.idleMs, wholeMs)) };
}

/** All probes within the bound, in the whole seconds that the kernel counts. */
function keepaliveWithin(boundMs: number): KeepaliveConfig {
  const bound = Math.max(2, Math.floor(boundMs / 1_000));
  const idleMs = Math.min(60, Math.ceil(bound / 2)) * 1_000;
  const probesMs = Math.min(50_000, bound * 1_000 - idleMs);
  const count = Math.max(1, Math.min(5, Math.floor(probesMs / 1_000)));
  const intervalMs = Math.max(1_000, Math.floor(probesMs / count / 1_000) * 1_000);
  return { idleMs, intervalMs, count };
}
