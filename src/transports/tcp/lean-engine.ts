/**
 * Serves connections that have no net.Socket: a handle and one small object each. For whoever asks
 * for it; what it leans on (handle-internals.ts) is promised by nobody, so nothing chooses it but
 * its self-test (choose-engine.ts).
 *
 * It only accepts. Links are dialled by the engine that would be taken without it, which also
 * serves what lean cannot: ports for nothing but WebSockets, and TLS.
 */
import type { Socket, TcpNetConnectOpts } from "node:net";
import type { StreamFacts } from "../stream-facts.ts";
import type { Listen, Open, RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import type { OnRead } from "./lean-first-bytes.ts";
import { findHandleInternals, type HandleInternals } from "./handle-internals.ts";
import { type LeanReads, listenLean } from "./lean-listen.ts";
import { leanTransportOf } from "./lean-transport.ts";
import { LentBuffer } from "./lent-buffer.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import type { ListenTcpConfig, OpenTcpConfig, PortSharing, TcpEngine } from "./tcp-engine.ts";
import type { UnackedReader } from "./unacked-reader.ts";

/** The engine, or why there can be none here. `other` does what is not lean. */
export function leanEngine(other: TcpEngine): TcpEngine | string {
  const internals = findHandleInternals();
  return typeof internals === "string" ? internals : new LeanEngine(internals, other);
}

class LeanEngine implements TcpEngine {
  readonly name = "lean" as const;
  /** Whatever node:net listens on has a handle here. */
  readonly sharing: readonly PortSharing[] = ["reuse-port", "one-handle"];
  readonly pausesOnAccept: boolean;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;
  readonly open?: (config: OpenTcpConfig) => Open;
  readonly #internals: HandleInternals;
  readonly #other: TcpEngine;
  readonly #reads: LeanReads;

  constructor(internals: HandleInternals, other: TcpEngine) {
    this.native = other.native;
    this.unacked = other.unacked;
    this.overwriteAfterRead = other.overwriteAfterRead;
    this.pausesOnAccept = other.pausesOnAccept;
    const { open } = other;
    if (open !== undefined) this.open = (config) => open.call(other, config);
    this.#internals = internals;
    this.#other = other;
    this.#reads = sharedReads(internals);
  }

  listen(config: ListenTcpConfig): Listen | undefined {
    if (config.upgrade?.isOnly === true) return undefined;
    return listenLean(config, this.#internals, this.#reads);
  }

  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    return this.#other.adoptAccepted(socket, facts, remote, handlers);
  }

  dial(options: TcpNetConnectOpts): Socket {
    return this.#other.dial(options);
  }

  adoptDialed(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    return this.#other.adoptDialed(socket, facts, remote, handlers);
  }
}

/** One buffer and one function for all handles of an engine. */
function sharedReads(internals: HandleInternals): LeanReads {
  const lent = new LentBuffer();
  const onRead: OnRead = function () {
    const result = internals.readResult();
    if (result > 0) {
      leanTransportOf(this).handleBytes(lent.lend(result));
    } else if (result < 0) {
      leanTransportOf(this).handleReadEnd(result);
    }
  };
  return { buffer: lent.bytes, onRead };
}
