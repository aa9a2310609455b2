/**
 * Kernel keepalive of one simulated end, as Linux does it (tcp_keepalive_timer).
 *
 * Two things that people do not expect: it keeps still while anything is unacknowledged, and where
 * TCP_USER_TIMEOUT is set, that decides instead of the number of probes.
 */
import type { KeepaliveConfig } from "../transports/transport.ts";
import type { KernelTimer } from "./kernel-timer.ts";

export interface KeepaliveSurroundings {
  readonly kernelNowMs: () => number;
  readonly setTimer: (inMs: number, run: () => void) => KernelTimer;
  /** Nothing is waiting to be sent or acknowledged. */
  readonly isIdle: () => boolean;
  readonly sendProbe: () => void;
  readonly onGiveUp: () => void;
}

export class TcpKeepalive {
  readonly #config: KeepaliveConfig;
  readonly #userTimeoutMs: number | undefined;
  readonly #around: KeepaliveSurroundings;
  #heardAtMs: number;
  #probes = 0;
  #timer: KernelTimer;

  constructor(
    config: KeepaliveConfig,
    userTimeoutMs: number | undefined,
    around: KeepaliveSurroundings,
  ) {
    this.#config = config;
    this.#userTimeoutMs = userTimeoutMs;
    this.#around = around;
    this.#heardAtMs = around.kernelNowMs();
    this.#timer = around.setTimer(config.idleMs, () => this.#handleTimer());
  }

  handleHeard(): void {
    this.#heardAtMs = this.#around.kernelNowMs();
    this.#probes = 0;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #handleTimer(): void {
    const { idleMs, intervalMs } = this.#config;
    const silentMs = this.#around.kernelNowMs() - this.#heardAtMs;
    if (!this.#around.isIdle()) return this.#ringIn(idleMs);
    if (silentMs < idleMs) return this.#ringIn(idleMs - silentMs);
    if (this.#hasWaitedEnough(silentMs)) return this.#around.onGiveUp();
    this.#probes += 1;
    this.#ringIn(intervalMs);
    this.#around.sendProbe();
  }

  #hasWaitedEnough(silentMs: number): boolean {
    if (this.#userTimeoutMs === undefined) return this.#probes >= this.#config.count;
    return this.#probes > 0 && silentMs >= this.#userTimeoutMs;
  }

  #ringIn(ms: number): void {
    this.#timer = this.#around.setTimer(ms, () => this.#handleTimer());
  }
}
