/**
 * What can be guarded, and how it is recognised.
 *
 * Sockets and servers of node:net are told by their class, everything above them by its shape: two
 * copies of ws may meet in one process, and no module (node:tls, node:http, ws) is loaded for a
 * comparison. What is not known for sure is refused.
 */
import { Server, Socket } from "node:net";
import { HoldfastError } from "../base/errors.ts";

/** A `WebSocket` of the package ws, of either side. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  ping(data?: unknown): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** A `WebSocketServer` of the package ws, also one with `noServer`. */
export interface WebSocketServerLike {
  /** Absent with `clientTracking: false`; then only newcomers are guarded. */
  readonly clients?: ReadonlySet<WebSocketLike> | undefined;
  handleUpgrade(...args: never[]): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** One connection: a `net.Socket`, a `tls.TLSSocket`, or a `WebSocket` of ws. */
export type ConnectionTarget = Socket | WebSocketLike;

/**
 * A connection, or a server: `net.Server`, `tls.Server`, `http.Server` and `https.Server` (their
 * upgraded sockets only), or a `WebSocketServer` of ws.
 */
export type GuardTarget = ConnectionTarget | Server | WebSocketServerLike;

export type Recognised =
  | { readonly is: "stream"; readonly target: Socket }
  | { readonly is: "websocket"; readonly target: WebSocketLike }
  | { readonly is: "stream-server"; readonly target: Server }
  | { readonly is: "tls-server"; readonly target: Server }
  | { readonly is: "http-server"; readonly target: Server }
  | { readonly is: "websocket-server"; readonly target: WebSocketServerLike };

/** @throws HoldfastError `OPTION_INVALID` for anything that is not in `GuardTarget`. */
export function recognise(target: unknown): Recognised {
  if (target instanceof Socket) return { is: "stream", target };
  if (target instanceof Server) return recogniseServer(target);
  if (hasMethods(target, ["handleUpgrade", "on", "off"])) {
    return { is: "websocket-server", target: target as unknown as WebSocketServerLike };
  }
  if (isWebSocket(target)) return { is: "websocket", target };
  throw new HoldfastError(
    "OPTION_INVALID",
    "guard: expected a server or socket of node:net, node:tls, node:http or node:https, or a " +
      `WebSocketServer or WebSocket of ws, got ${nameOf(target)}`,
  );
}

export function isWebSocket(value: unknown): value is WebSocketLike {
  const methods = ["ping", "terminate", "close", "on", "off"];
  return hasMethods(value, methods) && "readyState" in value;
}

/** Whether it is a socket with TLS above it. */
export function isEncrypted(socket: Socket): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}

function recogniseServer(target: Server): Recognised {
  if (hasMethods(target, ["updateSettings"])) {
    throw new HoldfastError(
      "OPTION_INVALID",
      "guard: expected a server of connections, got one of HTTP/2: its sessions share their " +
        "sockets and ask with pings of their own (session.ping)",
    );
  }
  if (hasMethods(target, ["closeIdleConnections"])) return { is: "http-server", target };
  if (hasMethods(target, ["setSecureContext"])) return { is: "tls-server", target };
  return { is: "stream-server", target };
}

function hasMethods(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const owner = value as Record<string, unknown>;
  return names.every((name) => typeof owner[name] === "function");
}

function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `an object of class ${name}` : "an object";
}
