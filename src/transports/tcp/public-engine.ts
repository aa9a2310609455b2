/** Reads through nothing but the documented API of node:net: a "data" event for each read. */
import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { readFirst, takeAtOnce } from "../first-bytes.ts";
import type { StreamFacts } from "../stream-facts.ts";
import { readByEvent, StreamTransport } from "../stream-transport.ts";
import type { RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import type { TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import type { UnackedReader } from "./unacked-reader.ts";

export class PublicEngine implements TcpEngine {
  readonly name = "public" as const;
  readonly pausesOnAccept = false as const;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;

  constructor(config: TcpEngineConfig) {
    this.native = config.native;
    this.unacked = config.unacked;
    this.overwriteAfterRead = config.overwriteAfterRead;
  }

  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    const taken = takeAtOnce(socket, facts, remote, undefined, handlers);
    if (taken !== undefined) return taken;
    const transport = new StreamTransport(socket, facts, remote, handlers);
    readFirst(socket, facts);
    return transport;
  }

  dial(options: TcpNetConnectOpts): Socket {
    return connect(options);
  }

  adoptDialed(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    const transport = new StreamTransport(socket, facts, remote, handlers);
    readByEvent(socket);
    return transport;
  }
}
