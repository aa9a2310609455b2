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
import { ProxyDoor } from "../proxied/proxy-door.ts";
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
import { type FirstBytesConfig, lookAt, lookAtFirst, type OnRead } from "./lean-first-bytes.ts";
import {
  type HandleAddress,
  type HandleInternals,
  type ListenerHandle,
  listenerHandleOf,
  systemError,
  type TcpHandle,
} from "./handle-internals.ts";
import { awaitHeader, type LeanHall, ProxiedLeanTransport, readHeaders } from "./lean-proxied.ts";
import { type LeanPort, LeanTransport, leanTransportOf } from "./lean-transport.ts";
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
  internals: HandleInternals,
  reads: LeanReads,
): Listen {
  const begin: BeginAccepting = (listening, handlers) =>
    new LeanAcceptor(listening, internals, reads, handlers);
  return listenWith(config, listenBySockets(config, begin));
}

class LeanAcceptor implements Acceptor, LeanPort {
  readonly url: string;
  readonly kind: TransportKind;
  readonly internals: HandleInternals;
  readonly source: UnackedSource;
  readonly overwriteAfterRead: boolean;
  readonly #effective: EffectiveKernelOptions;
  readonly #server: ServerAcceptor;
  readonly #reads: LeanReads;
  readonly #handlers: AcceptHandlers;
  /** Undefined where nothing but bytes may be asked for. */
  readonly #first: FirstBytesConfig | undefined;
  readonly #onFirst: OnRead | undefined;
  /** Undefined where no balancer is expected. */
  readonly #hall: LeanHall | undefined;
  readonly #onHeader: OnRead | undefined;
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
    internals: HandleInternals,
    reads: LeanReads,
    handlers: AcceptHandlers,
  ) {
    const { engine, proxy, upgrade } = config;
    this.url = facts.url;
    this.kind = facts.kind;
    this.internals = internals;
    this.source = engine;
    this.overwriteAfterRead = engine.overwriteAfterRead;
    this.#effective = kernel.effective;
    const door = proxy === undefined ? undefined : new ProxyDoor(proxy, handlers);
    this.#server = new ServerAcceptor(server, facts, () => door?.close());
    this.#reads = reads;
    this.#handlers = handlers;
    this.#first =
      upgrade === undefined
        ? undefined
        : {
            internals,
            upgrade,
            facts: tcpFacts(engine, kernel.effective, upgrade),
            goOn: (handle) => this.#goOnLean(handle),
            onLeft: () => this.onLeft(),
          };
    this.#onFirst = this.#first === undefined ? undefined : lookAtFirst(this.#first);
    this.#hall = door === undefined ? undefined : this.#hallBehind(door);
    this.#onHeader = this.#hall === undefined ? undefined : readHeaders(this.#hall);
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
      // Balancers look whether a port is open, and reset at once: that is no fault.
      if (this.#hall === undefined) this.#handlers.onAcceptFailed(goneBeforeAccept());
      return;
    }
    if (peer.address === this.#lastAddress) peer.address = this.#lastAddress;
    else this.#lastAddress = peer.address;
    this.#applyToAccepted?.(handle);
    this.#count += 1;
    const { address, port = 0 } = peer;
    if (this.#hall === undefined || this.#onHeader === undefined) {
      this.#offer(new Newcomer(handle, address, port, this.#attach));
      return;
    }
    const via = ipAddress(address, port);
    const welcome = this.#hall.door.welcome(via);
    if (welcome === "wait") awaitHeader(handle, via, this.#hall, this.#onHeader);
    else if (welcome === "serve") this.#offer(new Newcomer(handle, address, port, this.#attach));
    else handle.reset(this.#onRefused);
  }

  #offer(newcomer: Newcomer): boolean {
    this.#handlers.onIncoming(newcomer);
    const wasAttached = newcomer.wasAttached();
    if (!wasAttached) newcomer.handle.reset(this.#onRefused);
    return wasAttached;
  }

  #hallBehind(door: ProxyDoor): LeanHall {
    return {
      internals: this.internals,
      door,
      onLeft: this.#onRefused,
      offer: (handle, remote, rest) => {
        const isOffered = this.#offer(new Newcomer(handle, "", 0, this.#attach, remote));
        if (!isOffered || rest.length === 0) return;
        if (this.#first === undefined) leanTransportOf(handle).handleBytes(rest);
        else lookAt(handle, rest, this.#first);
      },
    };
  }

  /** The handle of somebody to whom nobody attached is closed. */
  readonly #onRefused = (): void => this.onLeft();

  /** One for all newcomers. */
  readonly #attach = (newcomer: Newcomer, handlers: TransportHandlers): Transport => {
    const { handle, given } = newcomer;
    const transport =
      given === undefined
        ? new LeanTransport(handle, this, newcomer, handlers)
        : new ProxiedLeanTransport(handle, this, given, handlers);
    if (this.#onFirst === undefined) this.#goOnLean(handle);
    else handle.onread = this.#onFirst;
    if (given !== undefined) return transport; // It reads already.
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
  /** What a header said, after which the handle reads already. */
  readonly given: RemoteAddress | undefined;
  #stage: "offered" | "attached" | "over" = "offered";

  constructor(
    handle: TcpHandle,
    address: string,
    port: number,
    attach: AttachNewcomer,
    given?: RemoteAddress,
  ) {
    this.handle = handle;
    this.address = address;
    this.port = port;
    this.given = given;
    this.attach = (handlers) => {
      assert(this.#stage === "offered", "an incoming pipe is attached once, at once");
      this.#stage = "attached";
      return attach(this, handlers);
    };
  }

  get remote(): RemoteAddress {
    return this.given ?? ipAddress(this.address, this.port);
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
