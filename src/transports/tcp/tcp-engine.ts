/** How the bytes of a TCP socket are read. Everything else about TCP is common to all engines. */
import type { Socket, TcpNetConnectOpts } from "node:net";
import type { StreamFacts } from "../stream-transport.ts";
import type { RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import type { UnackedReader } from "./unacked-reader.ts";

export type TcpEngineName = "public" | "shared";

/** What engines have in common, and what they are made from. */
export interface TcpEngineConfig {
  /** Kernel options that Node cannot set; undefined where there is no native code. */
  readonly native: NativeSockopt | undefined;
  /** Serves all connections of this engine. */
  readonly unacked: UnackedReader;
  /** For tests: lent bytes are overwritten after each `onBytes`. */
  readonly overwriteAfterRead: boolean;
}

export interface TcpEngine extends TcpEngineConfig {
  readonly name: TcpEngineName;
  /** Whether the listener must leave accepted sockets unread, unless they may be upgraded. */
  readonly pausesOnAccept: boolean;
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
