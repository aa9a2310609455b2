/** The kernel options of a pipe that has none, or none in force. */
import type { EffectiveKernelOptions, KernelConfig, KernelValue } from "./transport.ts";

export const OFF: KernelValue = { value: false, source: "known" };

export const NO_KERNEL_OPTIONS: EffectiveKernelOptions = {
  keepaliveIdleMs: OFF,
  keepaliveIntervalMs: OFF,
  keepaliveCount: OFF,
  userTimeoutMs: OFF,
};

/** Asks for nothing. */
export const NO_KERNEL_CONFIG: KernelConfig = {
  keepalive: false,
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};
