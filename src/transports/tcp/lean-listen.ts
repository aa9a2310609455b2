/**
 * A listener whose connections get no net.Socket. node:net resolves, binds and listens; what it
 * would do for each connection is replaced (`onconnection`), and so is its count of them.
 *
 * As little as possible is done at accept, since a storm of returning clients is all accepts. What
 * accepted sockets inherit from the listener on Linux (TCP_NODELAY, keepalive; tcp(7) does not say
 * so, its tests here do) is set once, there.
 */
import type { Server } from "node:net";
import { assert } from "../../base/assert.ts";
import { ipAddress } from "../address.ts";
import { ServerAcceptor } from "../server-acceptor.ts";
import { ignore } from "../stream-transport.ts";
import type {
  AcceptHandlers,
  Acceptor,
  Attach,
  EffectiveKernelOptions,
  Incoming,
  Listen,
  RemoteAddress,
  Transport,
  TransportHandlers,
  TransportKind,
} from "../transport.ts";
import type { ListenerKernelOptions } from "./kernel-options.ts";
import { lookAtFirst, type OnRead } from "./lean-first-bytes.ts";
import {
  type HandleAddress,
  type LeanInternals,
  type ListenerHandle,
  listenerHandleOf,
  systemError,
  type TcpHandle,
} from "./lean-internals.ts";
import { type LeanPort, LeanTransport } from "./lean-transport.ts";
import {
  type BeginAccepting,
  goneBeforeAccept,
  listenBySockets,
  type ListeningServer,
  listenWith,
} from "./listen-tcp.ts";
import type { ListenTcpConfig } from "./tcp-engine.ts";
import { tcpFacts, type UnackedSource } from "./tcp-facts.ts";

/** How handles read, for all listeners of an engine. */
export interface LeanReads {
  readonly buffer: Uint8Array;
  readonly onRead: OnRead;
}

export function listenLean(
  config: ListenTcpConfig,
  internals: LeanInternals,
  reads: LeanReads,
): Listen {
  const begin: BeginAccepting = (listening, handlers) =>
    new LeanAcceptor(listening, internals, reads, handlers);
  return listenWith(config, listenBySockets(config, begin));
}

class LeanAcceptor implements Acceptor, LeanPort {
  readonly url: string;
  readonly kind: TransportKind;
  readonly internals: LeanInternals;
  readonly source: UnackedSource;
  readonly overwriteAfterRead: boolean;
  readonly #effective: EffectiveKernelOptions;
  readonly #server: ServerAcceptor;
  readonly #reads: LeanReads;
  readonly #handlers: AcceptHandlers;
  /** Undefined where nothing but bytes may be asked for. */
  readonly #onFirst: OnRead | undefined;
  readonly #applyToAccepted: ((handle: TcpHandle) => void) | undefined;
  /** Filled for each newcomer. */
  readonly #peer: HandleAddress = {};
  /** The address of the newcomer before: many come from one, and then share the text. */
  #lastAddress = "";
  #count = 0;
  #closed: Promise<void> | undefined;
  #onEmpty: () => void = ignore;

  constructor(
    { server, kernel, facts, config }: ListeningServer,
    internals: LeanInternals,
    reads: LeanReads,
    handlers: AcceptHandlers,
  ) {
    const { engine, upgrade } = config;
    this.url = facts.url;
    this.kind = facts.kind;
    this.internals = internals;
    this.source = engine;
    this.overwriteAfterRead = engine.overwriteAfterRead;
    this.#effective = kernel.effective;
    this.#server = new ServerAcceptor(server, facts);
    this.#reads = reads;
    this.#handlers = handlers;
    this.#onFirst =
      upgrade === undefined
        ? undefined
        : lookAtFirst({
            internals,
            upgrade,
            facts: tcpFacts(engine, kernel.effective, upgrade),
            goOn: (handle) => this.#goOnLean(handle),
            onLeft: () => this.onLeft(),
          });
    this.#applyToAccepted = applyTo(server, kernel.applyToAccepted);
    const handle = listenerHandleOf(server);
    if (handle === undefined) throw new Error("a listener of node:net has no handle here");
    handle.onconnection = (code, accepted) => this.#onConnection(code, accepted);
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#effective;
  }

  connectionCount(): Promise<number> {
    return Promise.resolve(this.#count);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  onLeft(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onEmpty();
  }

  async #close(): Promise<void> {
    await this.#server.close();
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #onConnection(code: number, handle: TcpHandle | undefined): void {
    if (code !== 0 || handle === undefined) {
      this.#handlers.onAcceptFailed(systemError(code, "accept"));
      return;
    }
    const peer = this.#peer;
    if (handle.getpeername(peer) !== 0 || peer.address === undefined) {
      handle.reset(ignore);
      this.#handlers.onAcceptFailed(goneBeforeAccept());
      return;
    }
    if (peer.address === this.#lastAddress) peer.address = this.#lastAddress;
    else this.#lastAddress = peer.address;
    this.#applyToAccepted?.(handle);
    this.#count += 1;
    const newcomer = new Newcomer(handle, peer.address, peer.port ?? 0, this.#attach);
    this.#handlers.onIncoming(newcomer);
    if (!newcomer.wasAttached()) handle.reset(this.#onRefused);
  }

  /** The handle of somebody to whom nobody attached is closed. */
  readonly #onRefused = (): void => this.onLeft();

  /** One for all newcomers. */
  readonly #attach = (newcomer: Newcomer, handlers: TransportHandlers): Transport => {
    const { handle } = newcomer;
    const transport = new LeanTransport(handle, this, newcomer, handlers);
    if (this.#onFirst === undefined) this.#goOnLean(handle);
    else handle.onread = this.#onFirst;
    const code = handle.readStart();
    if (code < 0) transport.handleReadEnd(code);
    return transport;
  };

  #goOnLean(handle: TcpHandle): void {
    handle.useUserBuffer(this.#reads.buffer);
    handle.onread = this.#reads.onRead;
  }
}

type AttachNewcomer = (newcomer: Newcomer, handlers: TransportHandlers) => Transport;

/** Lives for one call of `onIncoming`; what is asked of it seldom is made when it is asked. */
class Newcomer implements Incoming {
  readonly handle: TcpHandle;
  readonly address: string;
  readonly port: number;
  readonly attach: Attach;
  #stage: "offered" | "attached" | "over" = "offered";

  constructor(handle: TcpHandle, address: string, port: number, attach: AttachNewcomer) {
    this.handle = handle;
    this.address = address;
    this.port = port;
    this.attach = (handlers) => {
      assert(this.#stage === "offered", "an incoming pipe is attached once, at once");
      this.#stage = "attached";
      return attach(this, handlers);
    };
  }

  get remote(): RemoteAddress {
    return ipAddress(this.address, this.port);
  }

  /** Nobody may attach from now on. */
  wasAttached(): boolean {
    const wasAttached = this.#stage === "attached";
    this.#stage = "over";
    return wasAttached;
  }
}

/** What has to be done to each accepted handle; the rest is done to the listener, here. */
function applyTo(
  server: Server,
  applyToAccepted: ListenerKernelOptions["applyToAccepted"],
): ((handle: TcpHandle) => void) | undefined {
  const listener = listenerHandleOf(server);
  const inherits = process.platform === "linux" && listener?.setNoDelay !== undefined;
  if (inherits) {
    listener.setNoDelay?.(true);
    applyToAccepted?.(keepaliveOf(listener));
    return undefined;
  }
  return (handle) => {
    handle.setNoDelay(true);
    applyToAccepted?.(keepaliveOf(handle));
  };
}

/** Milliseconds, as net.Socket takes them. */
function keepaliveOf(handle: Pick<ListenerHandle, "setKeepAlive">): Keepalive {
  return {
    setKeepAlive(on, idleMs, intervalMs, count) {
      const intervalS = intervalMs === undefined ? undefined : intervalMs / 1_000;
      handle.setKeepAlive?.(on, idleMs / 1_000, intervalS, count);
    },
  };
}

interface Keepalive {
  setKeepAlive(on: boolean, idleMs: number, intervalMs?: number, count?: number): void;
}
