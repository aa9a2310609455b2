/** A socket that was dialled for somebody who reads and writes it by himself. */
import type { Socket } from "node:net";
import type { Cancel } from "../base/time.ts";
import type { StreamFacts } from "./stream-facts.ts";
import type { RemoteAddress, TlsFacts } from "./transport.ts";

export interface DialledSocket {
  /** Nobody listens to it, and nothing was read from it. */
  readonly socket: Socket;
  readonly facts: StreamFacts;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
}

/** One of the two runs, once, later, unless it is cancelled. */
export interface SocketHandlers {
  onSocket(dialled: DialledSocket): void;
  onFailed(error: Error): void;
}

export type DialSocket = (handlers: SocketHandlers) => Cancel;
