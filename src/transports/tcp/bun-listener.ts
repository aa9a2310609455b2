/**
 * A TCP listener over Bun's own sockets.
 *
 * Bun counts nobody, so it is counted here who is open; and it takes no length of the backlog
 * (512), which is set again on the descriptor where there is native code. By Bun's own words others
 * might share the port unless it is asked for alone. Out of descriptors it tries again and again,
 * with all of a core, until one is free: a server's `maxConnections` has to lie below that.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { assert } from "../../base/assert.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type { AcceptHandlers, Acceptor, EffectiveKernelOptions, Listen } from "../transport.ts";
import type { BunListener, BunRuntime } from "./bun-runtime.ts";
import {
  type AcceptedSocket,
  type BunHome,
  BunTransport,
  SOCKET_HANDLERS,
} from "./bun-transport.ts";
import { applyToListener, type ListenerKernelOptions } from "./kernel-options.ts";
import { goneBeforeAccept, listenWith, tcpUrl } from "./listen-tcp.ts";
import type { ListenTcpConfig, TcpEngineConfig } from "./tcp-engine.ts";

export function listenByBun(
  bun: BunRuntime,
  engine: TcpEngineConfig,
  config: ListenTcpConfig,
): Listen {
  return listenWith(config, async (host, handlers) => {
    const acceptor = new BunAcceptor(engine, handlers);
    await acceptor.listen(bun, host, config);
    return acceptor;
  });
}

class BunAcceptor implements Acceptor, BunHome {
  readonly kind = "tcp" as const;
  readonly engine: TcpEngineConfig;
  url = "";
  readonly #handlers: AcceptHandlers;
  #kernel: ListenerKernelOptions | undefined;
  #listener: BunListener | undefined;
  #openCount = 0;
  #closed: Promise<void> | undefined;
  #resolveClosed: (() => void) | undefined;

  constructor(engine: TcpEngineConfig, handlers: AcceptHandlers) {
    this.engine = engine;
    this.#handlers = handlers;
  }

  async listen(bun: BunRuntime, host: string, config: ListenTcpConfig): Promise<void> {
    // Bun resolves a name while everything waits, and does not say what was wrong with it.
    const hostname = isIP(host) > 0 ? host : (await lookup(host)).address;
    this.#listener = bun.listen<BunTransport>({
      hostname,
      port: config.port,
      exclusive: true,
      ipv6Only: config.ipv6Only,
      allowHalfOpen: true,
      socket: { ...SOCKET_HANDLERS, open: (socket) => this.#onOpen(socket) },
    });
    const { fd, port } = this.#listener;
    const { native } = this.engine;
    this.#kernel = applyToListener({ _handle: { fd } }, config.kernel, native);
    for (const text of this.#kernel.warnings) config.warn(text);
    native?.setBacklog(fd, config.backlog);
    this.url = tcpUrl(hostname, port, config);
  }

  get effective(): EffectiveKernelOptions {
    return this.#kernel?.effective ?? NO_KERNEL_OPTIONS;
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.effective;
  }

  connectionCount(): Promise<number> {
    return Promise.resolve(this.#openCount);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#resolveClosed = resolve;
      this.#listener?.stop(false);
      this.#resolveIfLast();
    });
    return this.#closed;
  }

  onGone(): void {
    this.#openCount -= 1;
    this.#resolveIfLast();
  }

  #resolveIfLast(): void {
    if (this.#openCount === 0) this.#resolveClosed?.();
  }

  #onOpen(socket: AcceptedSocket): void {
    const { remoteAddress, remotePort } = socket;
    const isThere = remoteAddress !== undefined && remotePort !== undefined;
    const transport = new BunTransport(socket, this, remoteAddress ?? "", remotePort ?? 0);
    socket.data = transport;
    this.#openCount += 1;
    if (!isThere) {
      transport.reset();
      this.#handlers.onAcceptFailed(goneBeforeAccept());
      return;
    }
    this.#kernel?.applyToAccepted?.(socket);
    let isOver = false;
    try {
      this.#handlers.onIncoming({
        remote: transport.remote,
        attach(to) {
          const isFirst = !transport.isAttached && !isOver;
          assert(isFirst, "an incoming pipe is attached once, at once");
          transport.attach(to);
          return transport;
        },
      });
    } finally {
      isOver = true;
      if (!transport.isAttached) transport.reset();
    }
  }
}
