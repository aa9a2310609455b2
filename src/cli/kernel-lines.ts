/** The kernel options in force, in words, each with the source of what is known. Pure. */
import type { EffectiveKernelOptions, KernelValue } from "../transports/transport.ts";
import { sayDuration } from "./duration.ts";

export function kernelText(options: EffectiveKernelOptions): string {
  return `${keepaliveText(options)}; ${userTimeoutText(options.userTimeoutMs)}`;
}

function keepaliveText(options: EffectiveKernelOptions): string {
  const { keepaliveIdleMs: idle, keepaliveIntervalMs: interval, keepaliveCount: count } = options;
  if (idle.value === false) return `keepalive off (${idle.source})`;
  const parts = [
    `after ${sayValue(idle, sayDuration)}`,
    `every ${sayValue(interval, sayDuration)}`,
    `${sayValue(count, String)} probes`,
  ];
  return `keepalive ${parts.join(", ")}`;
}

function userTimeoutText(value: KernelValue): string {
  if (value.value === false) return `user timeout off (${value.source})`;
  return `user timeout ${sayValue(value, sayDuration)}`;
}

function sayValue(value: KernelValue, say: (value: number) => string): string {
  if (value.value === undefined) return `? (${value.source})`;
  return `${value.value === false ? "off" : say(value.value)} (${value.source})`;
}
