/**
 * What is used of Bun's own sockets, as types of ours: nothing of Bun is a dependency.
 *
 * Measured with Bun 1.4.5, and easy to forget: handlers may run inside a call (`terminate` and
 * `close` run `close` before they return); `drain` comes without a write that waits, too; who has
 * shut down already is told of the peer's FIN by `close` alone; a connection that was dialled
 * cannot be given up before it is open.
 */

/** `T` is what a socket carries in `data`. */
export interface BunSocket<T> {
  data: T;
  /** -1 once it is closed. */
  readonly fd: number;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly bytesWritten: number;
  /** How many bytes the kernel took; -1 when the socket is closed. Nothing is buffered. */
  write(bytes: Uint8Array): number;
  /** Sends FIN; reading goes on. */
  shutdown(): void;
  /** Closes without a reset of ours. */
  close(): void;
  /** Closes by a reset, also after `shutdown`. */
  terminate(): void;
  pause(): void;
  resume(): void;
  setKeepAlive(on: boolean, idleMs: number): void;
}

/** One object for all sockets of a listener. */
export interface BunHandlers<T> {
  open(socket: BunSocket<T>): void;
  /** A buffer of its own for each read. */
  data(socket: BunSocket<T>, bytes: Uint8Array): void;
  drain(socket: BunSocket<T>): void;
  /** FIN of the peer. */
  end(socket: BunSocket<T>): void;
  close(socket: BunSocket<T>, error: Error | undefined): void;
  /** One of these handlers has thrown. */
  error(socket: BunSocket<T>, error: Error): void;
}

export interface BunListenOptions<T> {
  readonly hostname: string;
  readonly port: number;
  /** Without it others may listen on the same port. */
  readonly exclusive: boolean;
  readonly ipv6Only: boolean;
  readonly allowHalfOpen: boolean;
  readonly socket: BunHandlers<T>;
}

export interface BunListener {
  readonly port: number;
  readonly hostname: string;
  readonly fd: number;
  /** False: what was accepted lives on. */
  stop(closesAccepted: boolean): void;
}

export interface BunRuntime {
  listen<T>(options: BunListenOptions<T>): BunListener;
}

/** Undefined where there is no such thing. */
export function bunRuntime(): BunRuntime | undefined {
  const { Bun: bun } = globalThis as { readonly Bun?: Partial<BunRuntime> };
  return typeof bun?.listen === "function" ? (bun as BunRuntime) : undefined;
}
