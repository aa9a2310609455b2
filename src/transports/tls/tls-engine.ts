/**
 * How accepted TCP sockets become pipes over TLS. The listener, its limits and its kernel options
 * are those of TCP; reading is by events, since what is read is not what the application gets.
 */
import type { Socket } from "node:net";
import type { StreamFacts } from "../stream-facts.ts";
import type { NativeSockopt } from "../tcp/native-sockopt.ts";
import type { TcpEngine, TcpEngineConfig } from "../tcp/tcp-engine.ts";
import type { UnackedReader } from "../tcp/unacked-reader.ts";
import type { RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import type { ServerContexts } from "./server-contexts.ts";
import { serverFault } from "./server-faults.ts";
import { TlsHandshake } from "./tls-handshake.ts";
import { tlsStreamFacts } from "./tls-stream.ts";

export class TlsEngine implements TcpEngine {
  readonly name = "public" as const;
  readonly pausesOnAccept = false as const;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;
  readonly #contexts: () => ServerContexts;
  /** What the listener gave, and what was made of it: the same for all its sockets. */
  #given: StreamFacts | undefined;
  #facts: StreamFacts | undefined;

  /** `contexts` is asked for each newcomer, so that a new certificate is in force at once. */
  constructor(config: TcpEngineConfig, contexts: () => ServerContexts) {
    this.native = config.native;
    this.unacked = config.unacked;
    this.overwriteAfterRead = config.overwriteAfterRead;
    this.#contexts = contexts;
  }

  adoptAccepted(
    raw: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    const contexts = this.#contexts();
    return new TlsHandshake({ raw, contexts, facts: this.#factsFor(facts), remote, handlers });
  }

  dial(): Socket {
    throw new Error("broken promise: TLS is dialled by dialTls");
  }

  adoptDialed(): Transport {
    throw new Error("broken promise: TLS is dialled by dialTls");
  }

  #factsFor(given: StreamFacts): StreamFacts {
    if (this.#facts === undefined || this.#given !== given) {
      this.#given = given;
      this.#facts = tlsStreamFacts(given, serverFault);
    }
    return this.#facts;
  }
}
