/**
 * A pipe on which a WebSocket is being asked for: node:http reads it, and nothing else is said.
 *
 * It is "preparing" until the upgrade is granted, and then goes on as a WebSocketTransport. If it
 * is not granted, the answer goes out and the pipe ends; why, is what `onClosed` tells. Easy to
 * break: until the answer is out the socket belongs to node:http, which must find it again by the
 * socket alone, so that nothing is kept for each request.
 */
import type { Socket } from "node:net";
import { HoldfastError, type ErrorCode } from "../../base/errors.ts";
import { resetSocket } from "../socket-reset.ts";
import type { StreamFacts, UpgradeTaken } from "../stream-facts.ts";
import type {
  EffectiveKernelOptions,
  RemoteAddress,
  TlsFacts,
  Transport,
  TransportHandlers,
  UnackedAnswer,
} from "../transport.ts";

const TRANSPORT: unique symbol = Symbol("holdfast.http");

interface WiredSocket extends Socket {
  [TRANSPORT]?: HttpTransport | undefined;
}

export function httpTransportOf(socket: Socket): HttpTransport | undefined {
  const wired: WiredSocket = socket;
  return wired[TRANSPORT];
}

export class HttpTransport implements Transport {
  readonly kind = "websocket" as const;
  readonly isPreparing = true as const;
  readonly unsentBytes = 0 as const;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
  readonly socket: Socket;
  readonly stream: StreamFacts;
  readonly handlers: TransportHandlers;
  #isReset = false;
  #isOver = false;
  #fault: Error | undefined;

  constructor({ socket, facts, remote, tls, handlers }: UpgradeTaken) {
    this.socket = socket;
    this.stream = facts;
    this.remote = remote;
    this.tls = tls;
    this.handlers = handlers;
    const wired: WiredSocket = socket;
    wired[TRANSPORT] = this;
    wired.on("close", onClose).on("error", onError);
    if (tls !== undefined) wired.on("_tlsError", onError);
  }

  /** Nothing is written before `onReady`; after the end a write is ignored. */
  write(): boolean {
    return false;
  }

  finish(): void {
    this.close();
  }

  reset(): boolean {
    const { canReset } = this.stream;
    if (this.#isReset || this.#isOver) return canReset;
    this.#isReset = true;
    resetSocket(this.socket, this.stream);
    return canReset;
  }

  close(): void {
    if (this.#isReset || this.#isOver) return;
    this.#isReset = true;
    this.socket.destroy();
  }

  /** There is nothing to read but the request. */
  pause(): void {}

  resume(): void {}

  readUnacked(answer: UnackedAnswer): void {
    queueMicrotask(() => answer(undefined, false));
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.stream.kernelOptions;
  }

  /** True once an answer is under way; whatever else is asked for on this pipe is ignored. */
  get isAnswered(): boolean {
    return this.#fault !== undefined || this.#isReset || this.#isOver;
  }

  /** The pipe ends when the answer is out, for this reason. */
  answered(code: ErrorCode, detail: string): void {
    this.#fault ??= new HoldfastError(code, detail);
  }

  /** The socket goes on with somebody else. */
  giveUp(): void {
    this.#isOver = true;
    const wired: WiredSocket = this.socket;
    wired.off("close", onClose).off("error", onError);
    if (this.tls !== undefined) wired.off("_tlsError", onError);
    wired[TRANSPORT] = undefined; // `delete` would make a slow and large object of the socket.
  }

  handleError(error: Error): void {
    this.#fault ??= this.stream.faultOf?.(this.socket, error) ?? error;
  }

  handleClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.handlers.onClosed(this.#isReset ? undefined : this.#fault);
  }
}

function onError(this: WiredSocket, error: Error): void {
  this[TRANSPORT]?.handleError(error);
}

function onClose(this: WiredSocket): void {
  this[TRANSPORT]?.handleClose();
}
