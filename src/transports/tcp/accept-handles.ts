/**
 * Accepts handles instead of sockets: what node:net would do for each connection is replaced, so
 * that an engine that wraps handles in its own way does so once, not after node:net has.
 *
 * What node:net does there, and is done here: TCP_NODELAY, the server's count, which a closing
 * socket takes itself out of (`socket._server`; part of the engine's self-test), and telling those
 * who watch `net.server.socket`. A server of ours has no `maxConnections` and no block list.
 */
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { AcceptHandlers, Acceptor } from "../transport.ts";
import { listenerHandleOf, systemError, type TcpHandle } from "./handle-internals.ts";
import { acceptSockets, type AdoptAccepted, type ListeningServer } from "./listen-tcp.ts";

export interface HandleWay {
  /** A socket over a handle that does not read yet; it begins to. */
  readonly wrap: (handle: TcpHandle) => Socket;
  /** Of a socket that `wrap` made. */
  readonly adopt: AdoptAccepted;
}

const ACCEPTED = channel("net.server.socket");

/** What node:net keeps to itself of those that belong to a server. */
interface Counted {
  _server: object | null;
  server: object | null;
}

/** @throws Error where the server has no handle of the known kind. */
export function acceptHandles(
  listening: ListeningServer,
  handlers: AcceptHandlers,
  { wrap, adopt }: HandleWay,
): Acceptor {
  const { server } = listening;
  const listener = listenerHandleOf(server);
  if (listener === undefined) throw new Error("a listener of node:net has no handle here");
  const counting = server as unknown as { _connections: number };
  listener.onconnection = (code, handle) => {
    if (handle === undefined || code !== 0) {
      server.emit("error", systemError(code, "accept"));
      return;
    }
    const socket = wrap(handle);
    handle.setNoDelay(true);
    counting._connections += 1;
    const counted = socket as unknown as Counted;
    counted._server = server;
    counted.server = server;
    server.emit("connection", socket);
    if (ACCEPTED.hasSubscribers) ACCEPTED.publish({ socket });
  };
  return acceptSockets(listening, handlers, adopt);
}
