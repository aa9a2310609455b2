/**
 * A socket of node:net as a Transport: TCP and Unix. The only file that knows a socket's events.
 *
 * All listeners are shared functions that find their transport on the socket itself, so that a
 * connection costs no closure. Three things are easy to break:
 *
 * - A write larger than a slice goes out slice by slice. `unsentBytes` then tells how far the
 *   kernel has come, where Node counts a write as waiting until its last byte is gone.
 * - `end()` is called only when nothing waits. libuv refuses to reset a socket whose shutdown is
 *   under way, and then leaks its descriptor (uv_tcp_close_reset answers EINVAL).
 * - "drain" comes for every refused write only if the socket's high-water mark is 1, so whoever
 *   makes a socket for this class passes `HIGH_WATER_MARK`. It also keeps a paused socket from
 *   reading more than once into this process.
 */
import type { Socket } from "node:net";
import { assert } from "../base/assert.ts";
import type { LastBuffer } from "./last-buffer.ts";
import type {
  EffectiveKernelOptions,
  RemoteAddress,
  TlsFacts,
  Transport,
  TransportHandlers,
  TransportKind,
  UnackedAnswer,
} from "./transport.ts";

export const HIGH_WATER_MARK = 1;

/** The step in which `unsentBytes` falls: what liveness calls output that moved. */
const SLICE_BYTES = 64 * 1024;

/** What all pipes of one listener, or one dialer, have in common. */
export interface StreamFacts {
  readonly kind: TransportKind;
  /** Whether the peer can be told by a reset. */
  readonly canReset: boolean;
  /** For tests: lent bytes are overwritten after each `onBytes`, so that keeping them shows. */
  readonly overwriteAfterRead: boolean;
  readonly kernelOptions: EffectiveKernelOptions;
  /** Remembers the last short array that was written to any of them. */
  readonly lastBuffer: LastBuffer;
  /** The socket below: the same one, or the one that carries TLS. It can be reset. */
  rawOf(socket: Socket): Socket;
  /** What became of the bytes that `socket` was given just now. */
  outputAfter(socket: Socket, byteCount: number): OutputState;
  /** Takes sockets over whose first bytes ask for something else than bytes. */
  readonly upgrade: Upgrade | undefined;
  /** Must not answer before it returns. */
  readUnacked(socket: Socket, answer: UnackedAnswer): void;
}

/** `passing`: not with the kernel yet, which has refused nothing. */
export type OutputState = "taken" | "refused" | "passing";

/** One port for several kinds of pipe: the first bytes tell which one a peer wants. */
export interface Upgrade {
  /** Only such pipes are served: whatever else is said gets an answer, and the end. */
  readonly isOnly: boolean;
  /** Looks at all that a peer has said so far; "more": too little to tell. */
  recognise(head: Uint8Array): "yes" | "no" | "more";
  /** `head` was read from the socket, which nobody listens to now, and which is paused. */
  take(taken: UpgradeTaken): Transport;
}

export interface UpgradeTaken {
  readonly socket: Socket;
  readonly head: Uint8Array;
  readonly facts: StreamFacts;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
  readonly handlers: TransportHandlers;
}

/** Where socket and kernel are one: what Node keeps is what the kernel refused. */
export function plainOutputAfter(socket: Socket): OutputState {
  // After a write that failed nothing waits in Node either, but the kernel did not take it.
  return socket.writableLength === 0 && !isBroken(socket) ? "taken" : "refused";
}

const TRANSPORT: unique symbol = Symbol("holdfast.transport");

interface WiredSocket extends Socket {
  [TRANSPORT]?: StreamTransport;
}

/**
 * open -> finishing (bytes first, then FIN) -> finished (FIN is out) -> closed, and from each of
 * them reset -> closed.
 */
type Phase = "open" | "finishing" | "finished" | "reset" | "closed";

export class StreamTransport implements Transport {
  readonly isPreparing = false as const;
  readonly remote: RemoteAddress;
  readonly #facts: StreamFacts;
  readonly #handlers: TransportHandlers;
  #socket: Socket;
  #phase: Phase = "open";
  #fault: Error | undefined;
  /** What `write` was given and is not yet handed to the socket. */
  #rest: Uint8Array | undefined;
  /** Bytes handed to the socket that the kernel refused; 0 when it took everything. */
  #waitingBytes = 0;
  /** The kernel has refused a part of what waits. */
  #wasRefused = false;

  constructor(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ) {
    this.#facts = facts;
    this.remote = remote;
    this.#handlers = handlers;
    this.#socket = socket;
    this.#wire();
  }

  get kind(): TransportKind {
    return this.#facts.kind;
  }

  get unsentBytes(): number {
    return this.#waitingBytes + (this.#rest?.length ?? 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return false;
    assert(this.#phase === "open", "nothing is written after finish");
    assert(this.unsentBytes === 0, "nothing is written between a refused write and onDrained");
    if (bytes.length === 0) return true;
    this.#rest = bytes;
    this.#wasRefused = false;
    if (this.#pushRest()) return true;
    this.#socket.on("drain", onDrain);
    return false;
  }

  finish(): void {
    if (this.#phase !== "open") return;
    if (this.unsentBytes > 0) this.#phase = "finishing";
    else this.#sendFin();
  }

  reset(): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return this.#facts.canReset;
    this.#phase = "reset";
    this.#rest = undefined;
    this.#waitingBytes = 0;
    if (!this.#facts.canReset) this.#socket.destroy();
    else if (isShuttingDown(this.#socket)) this.#socket.on("finish", onShutDown);
    else this.#socket.resetAndDestroy();
    return this.#facts.canReset;
  }

  close(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#phase = "reset";
    this.#rest = undefined;
    this.#waitingBytes = 0;
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#phase !== "closed") this.#socket.pause();
  }

  resume(): void {
    if (this.#phase !== "closed") this.#socket.resume();
  }

  readUnacked(answer: UnackedAnswer): void {
    if (this.#phase === "reset" || this.#phase === "closed")
      queueMicrotask(() => answer(undefined, false));
    else this.#facts.readUnacked(this.#socket, answer);
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#facts.kernelOptions;
  }

  /** True while the pipe may go on over another socket: nothing is on its way out. */
  get isMovable(): boolean {
    return this.#phase === "open" && this.unsentBytes === 0 && this.#socket.writableLength === 0;
  }

  /** Goes on over `socket`, which owns the same connection. The old one is never heard again. */
  moveTo(socket: Socket): void {
    const old: WiredSocket = this.#socket;
    old.off("error", onError).off("end", onEnd).off("close", onClose);
    delete old[TRANSPORT];
    this.#socket = socket;
    this.#wire();
  }

  /** Bytes have come, by whichever way they were read. They are lent to the handlers. */
  handleBytes(bytes: Uint8Array): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#handlers.onBytes(bytes);
    if (this.#facts.overwriteAfterRead) bytes.fill(0xdd);
  }

  handleDrain(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#waitingBytes = 0;
    if (!this.#pushRest()) return;
    this.#socket.off("drain", onDrain);
    if (this.#phase === "finishing") this.#sendFin();
    this.#handlers.onDrained(this.#wasRefused);
  }

  handleShutDown(): void {
    this.#socket.resetAndDestroy();
  }

  handleEnd(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#handlers.onFinished();
  }

  handleError(error: Error): void {
    if (this.#phase !== "reset" && this.#phase !== "closed") this.#fault ??= error;
  }

  handleClose(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#rest = undefined;
    this.#handlers.onClosed(this.#fault);
  }

  #wire(): void {
    const socket: WiredSocket = this.#socket;
    socket[TRANSPORT] = this;
    socket.on("error", onError).on("end", onEnd).on("close", onClose);
  }

  /** True when the kernel has taken all of the rest. */
  #pushRest(): boolean {
    while (this.#rest !== undefined) {
      const slice =
        this.#rest.length > SLICE_BYTES ? this.#rest.subarray(0, SLICE_BYTES) : this.#rest;
      this.#rest = slice === this.#rest ? undefined : this.#rest.subarray(SLICE_BYTES);
      this.#socket.write(this.#facts.lastBuffer.of(slice));
      const state = this.#facts.outputAfter(this.#socket, slice.length);
      if (state === "taken") continue;
      if (state === "refused") this.#wasRefused = true;
      this.#waitingBytes = slice.length;
      return false;
    }
    return true;
  }

  #sendFin(): void {
    this.#phase = "finished";
    this.#socket.end();
  }
}

/** Reads as node:net does for everybody: an event with a buffer of its own for each read. */
export function readByEvent(socket: Socket): void {
  socket.on("data", onData);
}

/** The transport that was wired to a socket. */
export function transportOf(socket: Socket | undefined): StreamTransport | undefined {
  const wired: WiredSocket | undefined = socket;
  return wired?.[TRANSPORT];
}

/** Closes a socket that nobody attached to. What it still says is not heard. */
export function discard(socket: Socket, canReset: boolean): void {
  socket.on("error", ignore);
  if (canReset) socket.resetAndDestroy();
  else socket.destroy();
}

export function ignore(): void {}

function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && !socket.destroyed;
}

function isBroken(socket: Socket): boolean {
  return socket.destroyed || socket.errored !== null;
}

function onData(this: WiredSocket, bytes: Uint8Array): void {
  this[TRANSPORT]?.handleBytes(bytes);
}

function onDrain(this: WiredSocket): void {
  this[TRANSPORT]?.handleDrain();
}

function onShutDown(this: WiredSocket): void {
  this[TRANSPORT]?.handleShutDown();
}

function onEnd(this: WiredSocket): void {
  this[TRANSPORT]?.handleEnd();
}

function onError(this: WiredSocket, error: Error): void {
  this[TRANSPORT]?.handleError(error);
}

function onClose(this: WiredSocket): void {
  this[TRANSPORT]?.handleClose();
}
