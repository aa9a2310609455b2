/**
 * Reads all connections into one buffer.
 *
 * node:net has a public way to do so for sockets that dial (`connect({ onread })`), and none for
 * accepted ones, so an accepted socket's handle is wrapped once more. That leans on internals, in
 * one function, `rewrap`: nothing chooses this engine but the self-test in choose-engine.ts, which
 * tries all that could break. The internals are: `socket._handle` and `handle.reading`, and
 * `socket._server`, by which a closing socket tells its server to count it no more.
 *
 * A handle that was once given a buffer can never go back. What may have to be read by others (an
 * HTTP upgrade) is therefore looked at first, on the accepted socket, and moved only when its first
 * bytes ask for nothing else.
 */
import { connect, Socket, type TcpNetConnectOpts } from "node:net";
import { type GoOn, lookAtFirst, takeAtOnce } from "../first-bytes.ts";
import {
  HIGH_WATER_MARK,
  readByEvent,
  type StreamFacts,
  StreamTransport,
  transportOf,
} from "../stream-transport.ts";
import type { RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import type { NativeSockopt } from "./native-sockopt.ts";
import type { TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import type { UnackedReader } from "./unacked-reader.ts";

type SharedRead = NonNullable<TcpNetConnectOpts["onread"]>;

/** What libuv suggests for one read, too. */
const BUFFER_BYTES = 64 * 1024;

/** A ping and its neighbours; a view of more is little beside what it takes to read it. */
const KEPT_VIEW_BYTES_MAX = 64;

export class SharedBufferEngine implements TcpEngine {
  readonly name = "shared" as const;
  readonly pausesOnAccept = true as const;
  readonly native: NativeSockopt | undefined;
  readonly unacked: UnackedReader;
  readonly overwriteAfterRead: boolean;
  readonly #onread: SharedRead;
  readonly #onFirst: (this: Socket, bytes: Uint8Array) => void;

  constructor(config: TcpEngineConfig) {
    this.native = config.native;
    this.unacked = config.unacked;
    this.overwriteAfterRead = config.overwriteAfterRead;
    const onread = sharedRead();
    this.#onread = onread;
    const moveOrKeep: GoOn = (socket, transport) => {
      // With output on its way the original finishes it, and stays.
      if (transport.isMovable) transport.moveTo(rewrap(socket, onread));
      else readByEvent(socket);
    };
    // One function for all sockets of the engine; node:net calls it with the socket as `this`.
    function onFirst(this: Socket, bytes: Uint8Array): void {
      lookAtFirst(this, bytes, onFirst, moveOrKeep);
    }
    this.#onFirst = onFirst;
  }

  adoptAccepted(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ): Transport {
    if (facts.upgrade === undefined) {
      return new StreamTransport(rewrap(socket, this.#onread), facts, remote, handlers);
    }
    const taken = takeAtOnce(socket, facts, remote, undefined, handlers);
    if (taken !== undefined) return taken;
    requireMovable(socket);
    const transport = new StreamTransport(socket, facts, remote, handlers);
    socket.on("data", this.#onFirst);
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
  const options = {
    handle,
    onread,
    allowHalfOpen: true,
    readableHighWaterMark: HIGH_WATER_MARK,
    writableHighWaterMark: HIGH_WATER_MARK,
  };
  const moved = new Socket(options);
  // Node's own listener is for sockets that are not half open; a second one would cost an array.
  moved.removeAllListeners("end");
  const now = moved as unknown as Internals;
  now._server = old._server;
  now.server = old.server;
  old._server = null;
  old.server = null;
  old._handle = null;
  return moved;
}

/**
 * One buffer and one function for all sockets of an engine. What is lent is a view of the buffer,
 * always from its beginning, so the views for short reads are made once and lent again. node:net
 * calls the function with the socket as `this`, which the self-test makes sure of.
 */
function sharedRead(): SharedRead {
  const buffer = new Uint8Array(BUFFER_BYTES);
  const views = Array.from({ length: KEPT_VIEW_BYTES_MAX + 1 }, (_, byteCount) =>
    buffer.subarray(0, byteCount),
  );
  function callback(this: Socket, byteCount: number): boolean {
    transportOf(this)?.handleBytes(views[byteCount] ?? buffer.subarray(0, byteCount));
    return true;
  }
  return { buffer, callback };
}
