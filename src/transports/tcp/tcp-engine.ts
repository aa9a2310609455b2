/** How the bytes of a TCP socket are read. Everything else about TCP is common to all engines. */
import type { Socket, TcpNetConnectOpts } from "node:net";
import type { ProxyRules } from "../proxied/proxy-door.ts";
import type { PastStream, StreamFacts, Upgrade } from "../stream-facts.ts";
import type {
  KernelConfig,
  Listen,
  Open,
  RemoteAddress,
  Transport,
  TransportHandlers,
} from "../transport.ts";
import type { DialPlace } from "./dial-options.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import type { DialledFacts } from "./tcp-facts.ts";
import type { UnackedReader } from "./unacked-reader.ts";

export type TcpEngineName = "public" | "shared" | "lean" | "bun";

/** What engines have in common, and what they are made from. */
export interface TcpEngineConfig {
  /** Kernel options that Node cannot set; undefined where there is no native code. */
  readonly native: NativeSockopt | undefined;
  /** Serves all connections of this engine. */
  readonly unacked: UnackedReader;
  /** For tests: lent bytes are overwritten after each `onBytes`. */
  readonly overwriteAfterRead: boolean;
  /** How bytes pass the streams of those sockets that the engine gives their handle. */
  readonly past?: PastStream | undefined;
}

export interface TcpEngine extends TcpEngineConfig {
  readonly name: TcpEngineName;
  /** Whether the listener must leave accepted sockets unread, unless they may be upgraded. */
  readonly pausesOnAccept: boolean;
  /**
   * For an engine that does not accept by the sockets of node:net: all of `listenTcp`, for the
   * configs that it can serve. Undefined: this config goes by node:net, and `adoptAccepted`.
   */
  readonly listen?: (config: ListenTcpConfig) => Listen | undefined;
  /** The ways of sharing a port that its `listen` knows; none if absent. */
  readonly sharing?: readonly PortSharing[];
  /** For an engine that does not dial by the sockets of node:net: all of `openTcp`. */
  readonly open?: (config: OpenTcpConfig) => Open;
  /** Takes a freshly accepted socket over, synchronously. Follows `facts.upgrade`. */
  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport;
  /** Begins to connect. */
  dial(options: TcpNetConnectOpts): Socket;
  /** Takes a socket of `dial` over, inside its "connect" event. */
  adoptDialed(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport;
}

/**
 * How several processes listen on one address: each by itself, and the kernel spreads newcomers
 * over them (SO_REUSEPORT), or on one handle, which the cluster module of Node hands around.
 */
export type PortSharing = "reuse-port" | "one-handle";

export interface ListenTcpConfig {
  readonly host: string;
  /** 0 lets the system choose; the acceptor's url says which. */
  readonly port: number;
  /** Connections that the kernel keeps until they are accepted. The system caps it (somaxconn). */
  readonly backlog: number;
  /** Whether `::` is to refuse IPv4. */
  readonly ipv6Only: boolean;
  readonly kernel: KernelConfig;
  readonly engine: TcpEngine;
  /** What else than bytes may be asked for on this port. */
  readonly upgrade: Upgrade | undefined;
  /** What the url of the listener says it is. With both, TLS is a part of `upgrade`. */
  readonly kind: "tcp" | "tls" | "tcp+tls";
  /** The path of a listener for nothing but WebSockets; its url is a `ws` or `wss` one. */
  readonly webSocketPath: string | undefined;
  /** Undefined: peers come by themselves. Else a balancer has to say first for whom it speaks. */
  readonly proxy?: ProxyRules | undefined;
  /** A socket that is bound already, instead of `host` and `port`. */
  readonly passedFd?: number | undefined;
  /** Undefined: the address is for this process alone. */
  readonly sharing?: PortSharing | undefined;
  /** Told once about each value that the user asked for and that cannot be set. */
  readonly warn: (text: string) => void;
}

export interface OpenTcpConfig extends DialPlace {
  readonly kernel: KernelConfig;
  /** Shared by dials that may have their description in common. */
  readonly facts?: DialledFacts | undefined;
  readonly engine: TcpEngine;
  /** Told about each value that the user asked for and that cannot be set. */
  readonly warn: (text: string) => void;
}
