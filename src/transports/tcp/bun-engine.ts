/**
 * Accepts by Bun's own sockets: less of everything than node:net, which Bun rebuilds upon them.
 *
 * What they cannot do goes by node:net as before. A port that may be asked for something else than
 * bytes needs a socket of node:net to hand on, and so does one behind a balancer. And dialling
 * stays there: a dial of Bun's cannot be given up before it is answered, so that each attempt at a
 * host that is silent would hold its descriptor, and this process, for the two minutes that the
 * kernel tries.
 */
import type { Socket, TcpNetConnectOpts } from "node:net";
import type { StreamFacts } from "../stream-facts.ts";
import type { Listen, RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import { listenByBun } from "./bun-listener.ts";
import { type BunRuntime, bunRuntime } from "./bun-runtime.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import { PublicEngine } from "./public-engine.ts";
import type { ListenTcpConfig, TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import type { UnackedReader } from "./unacked-reader.ts";

/** Undefined where the runtime has no such sockets. Whether they work is for the self-test. */
export function bunEngine(config: TcpEngineConfig): TcpEngine | undefined {
  const bun = bunRuntime();
  return bun === undefined ? undefined : new BunEngine(bun, config);
}

class BunEngine implements TcpEngine {
  readonly name = "bun" as const;
  readonly pausesOnAccept = false as const;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;
  readonly #bun: BunRuntime;
  readonly #sockets: PublicEngine;

  constructor(bun: BunRuntime, config: TcpEngineConfig) {
    this.native = config.native;
    this.unacked = config.unacked;
    this.overwriteAfterRead = config.overwriteAfterRead;
    this.#bun = bun;
    this.#sockets = new PublicEngine(config);
  }

  listen(config: ListenTcpConfig): Listen | undefined {
    const { upgrade, kind, proxy, passedFd } = config;
    if (upgrade !== undefined || kind !== "tcp") return undefined;
    if (proxy !== undefined || passedFd !== undefined) return undefined;
    return listenByBun(this.#bun, this, config);
  }

  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    return this.#sockets.adoptAccepted(socket, facts, remote, handlers);
  }

  dial(options: TcpNetConnectOpts): Socket {
    return this.#sockets.dial(options);
  }

  adoptDialed(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    return this.#sockets.adoptDialed(socket, facts, remote, handlers);
  }
}
