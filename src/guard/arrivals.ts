/**
 * Learns of new connections of somebody else's server, by listening and nothing else.
 *
 * Easy to break: node:http decides by the number of "upgrade" listeners whether it upgrades at all
 * (and, without one, closes the socket or answers the request, by version). So ours stands there
 * only while another one does.
 */
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import {
  isWebSocket,
  type Recognised,
  type WebSocketLike,
  type WebSocketServerLike,
} from "./guard-target.ts";
import { isUnconnected } from "./socket-meter.ts";

type Server = Exclude<Recognised, { readonly is: "stream" | "websocket" }>;

export interface ArrivalHandlers {
  onSocket(socket: Socket): void;
  onWebSocket(webSocket: WebSocketLike): void;
}

/** Begins to listen, after telling of whom is there already. Returns the undo. */
export function listenForArrivals(server: Server, to: ArrivalHandlers): () => void {
  switch (server.is) {
    case "stream-server":
      return listenForSockets(server.target, "connection", to);
    case "tls-server":
      return listenForSockets(server.target, "secureConnection", to);
    case "http-server":
      return listenForUpgrades(server.target, to);
    case "websocket-server":
      return listenForWebSockets(server.target, to);
    default:
      return server satisfies never;
  }
}

/**
 * ws tells of a newcomer by "connection", which a program with `noServer` may leave out; "headers"
 * comes for each of them, just before it is made.
 */
function listenForWebSockets(server: WebSocketServerLike, to: ArrivalHandlers): () => void {
  for (const webSocket of server.clients ?? []) to.onWebSocket(webSocket);
  const emitter = server as unknown as EventEmitter;
  const undoConnection = listen(emitter, "connection", (one) =>
    to.onWebSocket(one as WebSocketLike),
  );
  let isOver = false;
  const onHeaders = (_headers: unknown, request: IncomingMessage): void => {
    queueMicrotask(() => {
      const webSocket = webSocketOn(request.socket);
      if (!isOver && webSocket !== undefined) to.onWebSocket(webSocket);
    });
  };
  emitter.on("headers", onHeaders);
  return () => {
    isOver = true;
    undoConnection();
    emitter.off("headers", onHeaders);
  };
}

/** By the mark that ws puts on the sockets it has taken. */
function webSocketOn(socket: Socket): WebSocketLike | undefined {
  for (const name of Object.getOwnPropertySymbols(socket)) {
    if (name.description !== "websocket") continue;
    const found = (socket as unknown as Readonly<Record<symbol, unknown>>)[name];
    if (isWebSocket(found)) return found;
  }
  return undefined;
}

function listenForSockets(server: EventEmitter, event: string, to: ArrivalHandlers): () => void {
  return listen(server, event, (socket) => {
    // An owner who was told before us may have handed it over to another process already.
    if (socket instanceof Socket && !isUnconnected(socket)) to.onSocket(socket);
  });
}

function listen(
  emitter: EventEmitter,
  event: string,
  take: (connection: unknown) => void,
): () => void {
  emitter.on(event, take);
  return () => void emitter.off(event, take);
}

function listenForUpgrades(server: EventEmitter, to: ArrivalHandlers): () => void {
  let isListening = false;
  const onUpgrade = (_request: unknown, socket: unknown): void => {
    if (socket instanceof Socket && !socket.destroyed) to.onSocket(socket);
  };
  const begin = (): void => {
    if (isListening) return;
    isListening = true;
    server.on("upgrade", onUpgrade);
  };
  const onAdded = (event: unknown, listener: unknown): void => {
    if (event === "upgrade" && listener !== onUpgrade) begin();
  };
  const onRemoved = (event: unknown, listener: unknown): void => {
    if (event !== "upgrade" || !isListening) return;
    if (listener === onUpgrade) isListening = false;
    else if (server.listenerCount("upgrade") === 1) {
      isListening = false;
      server.off("upgrade", onUpgrade);
    }
  };
  if (server.listenerCount("upgrade") > 0) begin();
  server.on("newListener", onAdded).on("removeListener", onRemoved);
  return () => {
    server.off("newListener", onAdded).off("removeListener", onRemoved);
    server.off("upgrade", onUpgrade);
  };
}
