/**
 * Reads all connections into one buffer.
 *
 * node:net has a public way to do so for sockets that dial (`connect({ onread })`), and none for
 * accepted ones, so an accepted socket's handle is wrapped once more. That leans on internals, in
 * one function, `rewrap`: nothing chooses this engine but the self-test in choose-engine.ts, which
 * tries all that could break. The internals are: `socket._handle` and `handle.reading`, and
 * `socket._server`, by which a closing socket tells its server to count it no more.
 *
 * With `internals` bytes do not pass the socket at all (past-streams.ts), and where nothing else
 * may be asked for, handles are wrapped as they are accepted (accept-handles.ts), once.
 *
 * A handle that was once given a buffer can never go back. What may have to be read by others (an
 * HTTP upgrade) is therefore looked at first, on the accepted socket, and moved only when its first
 * bytes ask for nothing else.
 */
import { connect, Socket, type TcpNetConnectOpts } from "node:net";
import { type GoOn, lookAtFirst, takeAtOnce } from "../first-bytes.ts";
import type { StreamFacts } from "../stream-facts.ts";
import { HIGH_WATER_MARK, readByEvent, StreamTransport, transportOf } from "../stream-transport.ts";
import type { Listen, RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import { acceptHandles } from "./accept-handles.ts";
import type { HandleInternals } from "./handle-internals.ts";
import { LentBuffer } from "./lent-buffer.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import { PastStreams } from "./past-streams.ts";
import { type BeginAccepting, listenBySockets, listenWith } from "./listen-tcp.ts";
import type { ListenTcpConfig, TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import type { UnackedReader } from "./unacked-reader.ts";

type SharedRead = NonNullable<TcpNetConnectOpts["onread"]>;

export class SharedBufferEngine implements TcpEngine {
  readonly name = "shared" as const;
  readonly pausesOnAccept = true as const;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;
  readonly past: PastStreams | undefined;
  readonly #onread: SharedRead;
  readonly #onFirst: (this: Socket, bytes: Uint8Array) => void;

  /** Without `internals` all bytes pass the streams of node:net. */
  constructor(config: TcpEngineConfig, internals?: HandleInternals) {
    this.native = config.native;
    this.unacked = config.unacked;
    this.overwriteAfterRead = config.overwriteAfterRead;
    const lent = new LentBuffer();
    this.past = internals && new PastStreams(internals, lent);
    const onread = sharedRead(lent);
    this.#onread = onread;
    const moveOrKeep: GoOn = (socket, transport) => {
      // With output on its way the original finishes it, and stays.
      if (!transport.isMovable) {
        readByEvent(socket);
        return;
      }
      const moved = rewrap(socket, onread);
      const handle = this.past?.handleOf(moved);
      transport.moveTo(moved, handle);
      if (handle !== undefined) this.past?.read(handle, transport);
    };
    // One function for all sockets of the engine; node:net calls it with the socket as `this`.
    function onFirst(this: Socket, bytes: Uint8Array): void {
      lookAtFirst(this, bytes, onFirst, moveOrKeep);
    }
    this.#onFirst = onFirst;
  }

  listen(config: ListenTcpConfig): Listen | undefined {
    if (this.past === undefined || config.upgrade !== undefined || config.proxy !== undefined) {
      return undefined;
    }
    const begin: BeginAccepting = (listening, handlers) =>
      acceptHandles(listening, handlers, {
        wrap: (handle) => wrap(handle, this.#onread),
        adopt: (socket, facts, remote, to) => this.#adopt(socket, facts, remote, to),
      });
    return listenWith(config, listenBySockets(config, begin));
  }

  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    if (facts.upgrade === undefined) {
      return this.#adopt(rewrap(socket, this.#onread), facts, remote, handlers);
    }
    const taken = takeAtOnce(socket, facts, remote, undefined, handlers);
    if (taken !== undefined) return taken;
    requireMovable(socket);
    const transport = new StreamTransport(socket, facts, remote, handlers);
    socket.on("data", this.#onFirst);
    return transport;
  }

  /** Of a socket that reads into the shared buffer. */
  #adopt(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    const handle = this.past?.handleOf(socket);
    const transport = new StreamTransport(socket, facts, remote, handlers, undefined, handle);
    if (handle !== undefined) this.past?.read(handle, transport);
    return transport;
  }

  dial(options: TcpNetConnectOpts): Socket {
    return connect({ ...options, onread: this.#onread });
  }

  adoptDialed(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    return new StreamTransport(socket, facts, remote, handlers);
  }
}

/** What node:net keeps to itself, as far as it is used here. */
interface Internals {
  _handle: { reading: boolean; readStop(): number } | null;
  _server: object | null;
  server: object | null;
}

/** Now, while somebody catches it: later, inside an event of the socket, nobody would. */
function requireMovable(socket: Socket): void {
  const { _handle: handle } = socket as unknown as Internals;
  if (handle === null || typeof handle.readStop === "function") return;
  throw new Error("the sockets of this runtime cannot be wrapped once more");
}

/** A socket over the same connection that reads into `onread`. The old one is an empty shell. */
function rewrap(socket: Socket, onread: SharedRead): Socket {
  const old = socket as unknown as Internals;
  const handle = old._handle;
  if (handle === null) return socket; // Gone already: its events tell.
  // A handle that counts as reading would never be started again.
  handle.readStop();
  handle.reading = false;
  const moved = wrap(handle, onread);
  const now = moved as unknown as Internals;
  now._server = old._server;
  now.server = old.server;
  old._server = null;
  old.server = null;
  old._handle = null;
  return moved;
}

/** A socket over a handle that does not read yet. */
function wrap(handle: object, onread: SharedRead): Socket {
  const options = {
    handle,
    onread,
    allowHalfOpen: true,
    readableHighWaterMark: HIGH_WATER_MARK,
    writableHighWaterMark: HIGH_WATER_MARK,
  };
  const socket = new Socket(options);
  // Node's own listener is for sockets that are not half open; a second one would cost an array.
  socket.removeAllListeners("end");
  return socket;
}

/**
 * One function for all sockets of an engine. node:net calls it with the socket as `this`, which the
 * self-test makes sure of.
 */
function sharedRead(lent: LentBuffer): SharedRead {
  function callback(this: Socket, byteCount: number): boolean {
    transportOf(this)?.handleBytes(lent.lend(byteCount));
    return true;
  }
  return { buffer: lent.bytes, callback };
}
