/**
 * A socket of node:net as a Transport: TCP, TLS and Unix. The file that knows a socket's events.
 *
 * All listeners are shared functions that find their transport on the socket itself, so that a
 * connection costs no closure. Three things are easy to break:
 *
 * - A write larger than a slice goes out slice by slice. `unsentBytes` then tells how far the
 *   kernel has come, where Node counts a write as waiting until its last byte is gone.
 * - `end()` is called only when nothing waits, or the reset of a peer that takes nothing would wait
 *   for the shutdown (socket-reset.ts).
 * - "drain" comes for every refused write only if the socket's high-water mark is 1, so whoever
 *   makes a socket for this class passes `HIGH_WATER_MARK`. It also keeps a paused socket from
 *   reading more than once into this process.
 */
import type { Socket } from "node:net";
import { assert } from "../base/assert.ts";
import type { LastBuffer } from "./last-buffer.ts";
import { beginWrite, type Waiting, writeOn } from "./slice-write.ts";
import { resetSocket } from "./socket-reset.ts";
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
  /** Called before each write, where `outputAfter` has to compare. */
  readonly beforeWrite: ((socket: Socket) => void) | undefined;
  /** What became of the bytes that `socket` was given just now. */
  outputAfter(socket: Socket, byteCount: number): OutputState;
  /** Why the pipe has to end, where a peer that takes nothing makes what is below grow. */
  readonly growthFault: ((socket: Socket) => Error | undefined) | undefined;
  /** What a fault of this kind of pipe is, in our words; without it, what the system said. */
  readonly faultOf: ((socket: Socket, error: Error) => Error) | undefined;
  /** Takes sockets over whose first bytes ask for something else than bytes; see first-bytes.ts. */
  readonly upgrade: Upgrade | undefined;
  /** `socket` is the raw one. Must not answer before it returns. */
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
  [TRANSPORT]?: StreamTransport | undefined;
}

/**
 * open -> finishing (bytes first, then FIN) -> finished (FIN is out) -> closed, and from each of
 * them reset -> closed. Holding, before it: the first bytes do not tell yet what they are.
 */
type Phase = "holding" | "open" | "finishing" | "finished" | "reset" | "closed";

interface Secured {
  readonly tls: TlsFacts;
  /** What the raw socket had read when the last byte of ours came out of it. */
  rawBytesHeard: number;
}

export class StreamTransport implements Transport {
  readonly remote: RemoteAddress;
  readonly #facts: StreamFacts;
  readonly #handlers: TransportHandlers;
  #socket: Socket;
  #phase: Phase = "open";
  #fault: Error | undefined;
  /** Only while something waits: most pipes never write more than the kernel takes. */
  #waiting: Waiting | undefined;
  readonly #secured: Secured | undefined;

  constructor(
    socket: Socket,
    facts: StreamFacts,
    remote: RemoteAddress,
    handlers: TransportHandlers,
    tls?: TlsFacts,
  ) {
    this.#facts = facts;
    this.remote = remote;
    this.#handlers = handlers;
    this.#socket = socket;
    if (tls !== undefined) this.#secured = { tls, rawBytesHeard: facts.rawOf(socket).bytesRead };
    this.#wire();
  }

  get kind(): TransportKind {
    return this.#facts.kind;
  }

  get tls(): TlsFacts | undefined {
    return this.#secured?.tls;
  }

  get isPreparing(): boolean {
    return this.#phase === "holding";
  }

  get upgrade(): Upgrade | undefined {
    return this.#facts.upgrade;
  }

  get unsentBytes(): number {
    const waiting = this.#waiting;
    return waiting === undefined ? 0 : waiting.handedBytes + (waiting.rest?.length ?? 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return false;
    assert(this.#phase === "open", "nothing is written after finish");
    assert(this.#waiting === undefined, "nothing is written between a refused write and onDrained");
    if (bytes.length === 0) return true;
    const waiting = beginWrite(this.#socket, this.#facts, bytes);
    if (waiting === undefined || writeOn(this.#socket, this.#facts, waiting)) return true;
    this.#waiting = waiting;
    this.#socket.on("drain", onDrain);
    return false;
  }

  finish(): void {
    if (this.#phase === "holding") this.close();
    if (this.#phase !== "open") return;
    if (this.unsentBytes > 0) this.#phase = "finishing";
    else this.#sendFin();
  }

  reset(): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return this.#facts.canReset;
    this.#phase = "reset";
    this.#waiting = undefined;
    resetSocket(this.#socket, this.#facts);
    return this.#facts.canReset;
  }

  close(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#phase = "reset";
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#phase !== "closed") this.#socket.pause();
  }

  resume(): void {
    if (this.#phase !== "closed") this.#socket.resume();
  }

  /** Libuv tells the kernel when it asks for more. */
  putOff(): boolean {
    if (this.#phase !== "open") return false;
    this.#socket.pause();
    return true;
  }

  takeUp(): void {
    this.resume();
  }

  readUnacked(answer: UnackedAnswer): void {
    if (this.#phase === "reset" || this.#phase === "closed")
      queueMicrotask(() => answer(undefined, false));
    else {
      this.#facts.readUnacked(this.#facts.rawOf(this.#socket), (bytes, isShut) => {
        this.#tellHeard();
        answer(bytes, isShut);
      });
    }
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#facts.kernelOptions;
  }

  /** True while the pipe may go on over another socket: nothing is on its way out. */
  get isMovable(): boolean {
    return this.#phase === "open" && this.unsentBytes === 0 && this.#socket.writableLength === 0;
  }

  /** The first bytes do not tell yet what they are: the time of a handshake runs. */
  hold(): void {
    if (this.#phase !== "open") return;
    this.#phase = "holding";
    this.#handlers.onSwitched?.(this);
  }

  /** They do, and are bytes like any other; `handleBytes` gets them next. */
  release(): void {
    if (this.#phase !== "holding") return;
    this.#phase = "open";
    this.#handlers.onReady?.();
  }

  /** They ask for something else, which takes the socket over. */
  switchBy(upgrade: Upgrade, head: Uint8Array): void {
    if (this.#phase !== "open" && this.#phase !== "holding") return;
    const socket = this.#socket;
    this.#phase = "closed";
    this.#unwire();
    socket.pause();
    const { remote, tls } = this;
    const common = { facts: this.#facts, remote, tls, handlers: this.#handlers };
    this.#handlers.onSwitched?.(upgrade.take({ socket, head, ...common }));
  }

  /** Goes on over `socket`, which owns the same connection. The old one is never heard again. */
  moveTo(socket: Socket): void {
    this.#unwire();
    this.#socket = socket;
    this.#wire();
  }

  /** Bytes have come, by whichever way they were read. They are lent to the handlers. */
  handleBytes(bytes: Uint8Array): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    const secured = this.#secured;
    if (secured !== undefined) secured.rawBytesHeard = this.#facts.rawOf(this.#socket).bytesRead;
    const growth = endIfGrown(this.#socket, this.#facts);
    this.#fault ??= growth;
    if (growth !== undefined) return;
    this.#handlers.onBytes(bytes);
    if (this.#facts.overwriteAfterRead) bytes.fill(0xdd);
  }

  handleDrain(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    waiting.handedBytes = 0;
    if (!writeOn(this.#socket, this.#facts, waiting)) return;
    this.#waiting = undefined;
    this.#socket.off("drain", onDrain);
    if (this.#phase === "finishing") this.#sendFin();
    this.#handlers.onDrained(waiting.wasRefused);
  }

  handleEnd(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#handlers.onFinished();
  }

  handleError(error: Error): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#fault ??= this.#facts.faultOf?.(this.#socket, error) ?? error;
  }

  handleClose(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#waiting = undefined;
    this.#handlers.onClosed(this.#fault);
  }

  #wire(): void {
    const socket: WiredSocket = this.#socket;
    socket[TRANSPORT] = this;
    socket.on("error", onError).on("end", onEnd).on("close", onClose);
  }

  #unwire(): void {
    const socket: WiredSocket = this.#socket;
    socket.off("error", onError).off("end", onEnd).off("close", onClose);
    socket[TRANSPORT] = undefined; // `delete` would make a slow object of it.
  }

  /** Half a record of TLS is a sign of life, too, and nobody else sees it. */
  #tellHeard(): void {
    const secured = this.#secured;
    if (secured === undefined || this.#phase === "reset" || this.#phase === "closed") return;
    const { bytesRead } = this.#facts.rawOf(this.#socket);
    if (bytesRead <= secured.rawBytesHeard) return;
    secured.rawBytesHeard = bytesRead;
    this.#handlers.onHeard?.(0);
  }

  #sendFin(): void {
    this.#phase = "finished";
    this.#socket.end();
  }
}

/** Ends a socket below which too much has piled up, because its peer takes nothing. */
export function endIfGrown(socket: Socket, facts: StreamFacts): Error | undefined {
  if (facts.growthFault === undefined || socket.writableLength === 0) return undefined;
  const fault = facts.growthFault(socket);
  if (fault !== undefined) socket.destroy();
  return fault;
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

function isBroken(socket: Socket): boolean {
  return socket.destroyed || socket.errored !== null;
}

function onData(this: WiredSocket, bytes: Uint8Array): void {
  this[TRANSPORT]?.handleBytes(bytes);
}

function onDrain(this: WiredSocket): void {
  this[TRANSPORT]?.handleDrain();
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
