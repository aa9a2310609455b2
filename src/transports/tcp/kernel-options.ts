/**
 * Keepalive and user timeout: set by the best way there is, and told as what is really in force.
 *
 * The ways, best first: native code on the listener, whose options accepted sockets inherit on
 * Linux, read back; a setKeepAlive of four arguments, which Node has since 24.19 and 26.4; the
 * setKeepAlive of old, behind which libuv fixes one probe a second, ten times. Passing keepAlive to
 * createServer would overwrite what the listener hands down, so nobody does. Nothing warns but a
 * value that the user asked for.
 */
import { Socket } from "node:net";
import { NO_KERNEL_OPTIONS, OFF } from "../no-kernel-options.ts";
import type {
  EffectiveKernelOptions,
  KeepaliveConfig,
  KernelConfig,
  KernelValue,
} from "../transport.ts";
import {
  descriptorOf,
  type NativeSockopt,
  SO_KEEPALIVE,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_USER_TIMEOUT,
} from "./native-sockopt.ts";

/** What libuv sets beside the idle time, whatever was asked (uv__tcp_keepalive). */
const FIXED_INTERVAL_MS = 1_000;
const FIXED_COUNT = 10;

const UNKNOWN: KernelValue = { value: undefined, source: "unknown" };

export interface AppliedKernelOptions {
  readonly effective: EffectiveKernelOptions;
  /** Sentences about values that the user asked for and that could not be set. */
  readonly warnings: readonly string[];
}

/** What accepted sockets have, and what has to be done to each of them to make it true. */
export interface ListenerKernelOptions extends AppliedKernelOptions {
  /** Called for each accepted socket; undefined when it inherits everything. */
  readonly applyToAccepted: ((socket: Kept) => void) | undefined;
}

/** A socket, whoever made it. */
interface Kept {
  setKeepAlive(on: boolean, idleMs: number): unknown;
}

/** `server` shows its descriptor as node:net does; see `descriptorOf`. */
export function applyToListener(
  server: object,
  config: KernelConfig,
  native: NativeSockopt | undefined,
): ListenerKernelOptions {
  const effective = setNatively(server, config, native);
  if (effective !== undefined) {
    return { effective, warnings: mismatches(config, effective), applyToAccepted: undefined };
  }
  const { keepalive } = config;
  const applied = describeByNode(config, hasFullKeepalive());
  if (keepalive === false) return { ...applied, applyToAccepted: undefined };
  return { ...applied, applyToAccepted: (socket) => setByNode(socket, keepalive) };
}

/** For a socket that has just connected. */
export function applyToSocket(
  socket: Socket,
  config: KernelConfig,
  native: NativeSockopt | undefined,
): AppliedKernelOptions {
  const effective = setNatively(socket, config, native);
  if (effective !== undefined) return { effective, warnings: mismatches(config, effective) };
  if (config.keepalive !== false) setByNode(socket, config.keepalive);
  return describeByNode(config, hasFullKeepalive());
}

/** What is in force for a connected socket, whoever set it; undefined where that is not known. */
export function readKernelOptions(
  socket: Socket,
  native: NativeSockopt | undefined,
): EffectiveKernelOptions | undefined {
  const fd = descriptorOf(socket);
  return native === undefined || fd === undefined ? undefined : readNatively(fd, native);
}

/** Undefined when there is no native way, or the kernel refused the first step. */
function setNatively(
  owner: object,
  config: KernelConfig,
  native: NativeSockopt | undefined,
): EffectiveKernelOptions | undefined {
  const fd = descriptorOf(owner);
  if (native === undefined || fd === undefined) return undefined;
  if (!native.set(fd, SO_KEEPALIVE, config.keepalive === false ? 0 : 1)) return undefined;
  if (config.keepalive !== false) {
    native.set(fd, TCP_KEEPIDLE, seconds(config.keepalive.idleMs));
    native.set(fd, TCP_KEEPINTVL, seconds(config.keepalive.intervalMs));
    native.set(fd, TCP_KEEPCNT, config.keepalive.count);
  }
  if (config.userTimeoutMs !== false) native.set(fd, TCP_USER_TIMEOUT, config.userTimeoutMs);
  return readNatively(fd, native);
}

function readNatively(fd: number, native: NativeSockopt): EffectiveKernelOptions {
  const isOn = native.get(fd, SO_KEEPALIVE) !== 0;
  const userTimeoutMs = native.get(fd, TCP_USER_TIMEOUT);
  const whenOn = (value: number | undefined): KernelValue => read(isOn ? value : false);
  return {
    keepaliveIdleMs: whenOn(milliseconds(native.get(fd, TCP_KEEPIDLE))),
    keepaliveIntervalMs: whenOn(milliseconds(native.get(fd, TCP_KEEPINTVL))),
    keepaliveCount: whenOn(native.get(fd, TCP_KEEPCNT)),
    userTimeoutMs: read(userTimeoutMs === 0 ? false : userTimeoutMs),
  };
}

function read(value: number | false | undefined): KernelValue {
  return value === undefined ? UNKNOWN : { value, source: "read" };
}

/** The four-argument form, which @types/node of our oldest runtime does not know. */
interface FullKeepalive {
  setKeepAlive(on: boolean, idleMs: number, intervalMs: number, count: number): void;
}

function setByNode(socket: Kept, keepalive: KeepaliveConfig): void {
  // The kernel counts in seconds and a fraction would become 0, which means its default of hours.
  const idleMs = seconds(keepalive.idleMs) * 1_000;
  const intervalMs = seconds(keepalive.intervalMs) * 1_000;
  (socket as FullKeepalive).setKeepAlive(true, idleMs, intervalMs, keepalive.count);
}

/** Whether this runtime's setKeepAlive takes interval and count. */
function hasFullKeepalive(): boolean {
  return Socket.prototype.setKeepAlive.length >= 4;
}

function describeByNode(config: KernelConfig, isFull: boolean): AppliedKernelOptions {
  const { keepalive } = config;
  const warnings: string[] = [];
  const userTimeoutMs =
    process.platform === "linux" || config.userTimeoutMs === false ? OFF : UNKNOWN;
  if (config.userTimeoutMs !== false && config.userTimeoutAsked) {
    warnings.push(
      "`userTimeoutMs` has no effect: it needs Linux and the optional package koffi " +
        "(npm install koffi)",
    );
  }
  if (keepalive === false) return { effective: { ...NO_KERNEL_OPTIONS, userTimeoutMs }, warnings };
  const intervalMs = seconds(keepalive.intervalMs) * 1_000;
  const isFixed = !isFull && (intervalMs !== FIXED_INTERVAL_MS || keepalive.count !== FIXED_COUNT);
  if (isFixed && config.keepaliveAsked) {
    warnings.push(
      `keepalive probes go out every ${FIXED_INTERVAL_MS} ms, ${FIXED_COUNT} times, as this Node ` +
        "fixes them; other values need Node 24.19 or 26.4, or on Linux the optional package koffi",
    );
  }
  const effective: EffectiveKernelOptions = {
    keepaliveIdleMs: { value: seconds(keepalive.idleMs) * 1_000, source: "set" },
    keepaliveIntervalMs: isFull
      ? { value: intervalMs, source: "set" }
      : { value: FIXED_INTERVAL_MS, source: "known" },
    keepaliveCount: isFull
      ? { value: keepalive.count, source: "set" }
      : { value: FIXED_COUNT, source: "known" },
    userTimeoutMs,
  };
  return { effective, warnings };
}

/** Compares what was asked with what was read back. */
function mismatches(config: KernelConfig, effective: EffectiveKernelOptions): string[] {
  const warnings: string[] = [];
  const compare = (name: string, wanted: number | false, got: KernelValue): void => {
    if (got.value !== wanted) {
      warnings.push(`${name} was asked to be ${wanted}, and the kernel keeps ${got.value}`);
    }
  };
  if (config.keepaliveAsked && config.keepalive !== false) {
    const { idleMs, intervalMs, count } = config.keepalive;
    compare("keepalive idle time in ms", seconds(idleMs) * 1_000, effective.keepaliveIdleMs);
    compare("keepalive interval in ms", seconds(intervalMs) * 1_000, effective.keepaliveIntervalMs);
    compare("keepalive count", count, effective.keepaliveCount);
  }
  if (config.userTimeoutAsked) {
    compare("`userTimeoutMs`", config.userTimeoutMs, effective.userTimeoutMs);
  }
  return warnings;
}

/** At least one, rounded up: a longer wait than asked kills nobody. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

function milliseconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1_000;
}
