/**
 * What a guard asks of the kernel: keepalive, a user timeout, unacknowledged bytes, resets.
 *
 * Native code is loaded once for a process and in the background, since `guard` returns at once; a
 * connection that comes before it is there is tuned when it is. Easy to break: what the owner has
 * set on his sockets is his. Without being asked we turn keepalive on only where it is off.
 */
import type { Socket } from "node:net";
import type { Observe } from "../base/observation.ts";
import { NO_KERNEL_OPTIONS } from "../transports/no-kernel-options.ts";
import { applyToSocket, readKernelOptions } from "../transports/tcp/kernel-options.ts";
import {
  descriptorOf,
  loadNativeSockopt,
  type NativeSockopt,
  TCP_USER_TIMEOUT,
} from "../transports/tcp/native-sockopt.ts";
import { readUnacked } from "../transports/tcp/tcp-facts.ts";
import { PROC_UNACKED, UnackedReader } from "../transports/tcp/unacked-reader.ts";
import type {
  EffectiveKernelOptions,
  KernelConfig,
  KernelValue,
  UnackedAnswer,
} from "../transports/transport.ts";
import { isEncrypted } from "./guard-target.ts";
import { rawSocketOf } from "./socket-meter.ts";

const UNKNOWN: KernelValue = { value: undefined, source: "unknown" };

const ALL_UNKNOWN: EffectiveKernelOptions = {
  keepaliveIdleMs: UNKNOWN,
  keepaliveIntervalMs: UNKNOWN,
  keepaliveCount: UNKNOWN,
  userTimeoutMs: UNKNOWN,
};

/** Both are of the process: there may be a guard for each of thousands of sockets. */
const UNACKED = new UnackedReader(PROC_UNACKED);
const NATIVE: { loading?: Promise<NativeSockopt | undefined> } = {};

export class Kernel {
  readonly #config: KernelConfig;
  readonly #observe: Observe;
  #native: NativeSockopt | undefined;
  #isReady = false;
  /** What was set last where nothing can be read: the same for all. */
  #applied: EffectiveKernelOptions = ALL_UNKNOWN;
  readonly #warned = new Set<string>();

  constructor(config: KernelConfig, observe: Observe) {
    this.#config = config;
    this.#observe = observe;
  }

  /** Whether `tune` does what it can. */
  get isReady(): boolean {
    return this.#isReady;
  }

  async load(): Promise<void> {
    NATIVE.loading ??= loadNativeSockopt();
    this.#native = await NATIVE.loading;
    this.#isReady = true;
  }

  /** Sets the options of a connected TCP socket, or of TLS above one. */
  tune(socket: Socket): void {
    const { keepalive, userTimeoutMs } = this.#config;
    if (keepalive === false || this.#isOwners(socket)) {
      if (userTimeoutMs !== false) this.#setUserTimeout(socket, userTimeoutMs);
      return;
    }
    const { effective, warnings } = applyToSocket(socket, this.#config, this.#native);
    this.#applied = effective;
    for (const text of warnings) this.#warnOnce(text);
  }

  optionsInForce(socket: Socket, isOverTcp: boolean): EffectiveKernelOptions {
    if (!isOverTcp) return NO_KERNEL_OPTIONS;
    return readKernelOptions(socket, this.#native) ?? this.#applied;
  }

  readUnacked(socket: Socket, answer: UnackedAnswer): void {
    readUnacked({ native: this.#native, unacked: UNACKED }, socket, answer);
  }

  /**
   * Closes at once, with a reset where one can be sent, and says whether it was. What waits to be
   * written is lost.
   */
  destroy(socket: Socket, canReset: boolean): boolean {
    if (socket.destroyed) return false;
    const raw = rawSocketOf(socket);
    // libuv refuses to reset a socket whose shutdown is under way, and loses its descriptor then.
    const isShuttingDown = isBetweenEndAndFinish(socket) || isBetweenEndAndFinish(raw);
    if (canReset && !isShuttingDown && !raw.destroyed && !isEncrypted(raw)) {
      raw.resetAndDestroy();
      socket.destroy();
      return true;
    }
    // A socket that was dialled with TLS hides what is below it from node:net, not from the kernel.
    const fd = canReset ? descriptorOf(socket) : undefined;
    const isReset = fd !== undefined && this.#native?.resetOnClose(fd) === true;
    socket.destroy();
    return isReset;
  }

  /** Whether keepalive is on already, and nobody asked us to change that. */
  #isOwners(socket: Socket): boolean {
    if (this.#config.keepaliveAsked) return false;
    const idleMs = readKernelOptions(socket, this.#native)?.keepaliveIdleMs;
    return idleMs === undefined ? isKeptAliveByNode(socket) : idleMs.value !== false;
  }

  #setUserTimeout(socket: Socket, userTimeoutMs: number): void {
    const fd = descriptorOf(socket);
    const native = this.#native;
    if (fd !== undefined && native?.set(fd, TCP_USER_TIMEOUT, userTimeoutMs) === true) return;
    this.#warnOnce("`userTimeoutMs` has no effect: it needs Linux and the optional package koffi");
  }

  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#observe({ what: "warning", text });
  }
}

/** By what node:net remembers on the socket; not known of other runtimes. */
function isKeptAliveByNode(socket: Socket): boolean {
  const isMark = ({ description }: symbol): boolean => description === "kSetKeepAlive";
  const mark = Object.getOwnPropertySymbols(socket).find(isMark);
  return mark !== undefined && Object(socket)[mark] === true;
}

function isBetweenEndAndFinish(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished;
}
