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
import { holdRead, letRead } from "./held-read.ts";
import { beginWrite, type SliceTaker, type Waiting, writeOn } from "./slice-write.ts";
import { resetSocket } from "./socket-reset.ts";
import {
  endIfGrown,
  type OutputState,
  type StreamFacts,
  type Upgrade,
  type WriteOwner,
} from "./stream-facts.ts";
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

export class StreamTransport implements Transport, SliceTaker, WriteOwner {
  readonly remote: RemoteAddress;
  readonly #facts: StreamFacts;
  readonly #handlers: TransportHandlers;
  #socket: Socket;
  /** Given: bytes are written to it, and not to the socket around it. */
  #handle: object | undefined;
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
    handle?: object,
  ) {
    this.#facts = facts;
    this.remote = remote;
    this.#handlers = handlers;
    this.#socket = socket;
    this.#handle = handle;
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
    const waiting = beginWrite(this, bytes);
    if (waiting === undefined || writeOn(this, waiting)) return true;
    this.#waiting = waiting;
    this.#socket.on("drain", onDrain);
    return false;
  }

  get isBusy(): boolean {
    // What is written past a stream is waited for before there is more.
    return this.#handle === undefined && this.#socket.writableLength > 0;
  }

  hand(slice: Uint8Array): OutputState {
    const facts = this.#facts;
    const { past } = facts;
    if (this.#handle !== undefined && past !== undefined) {
      const result = past.write(this.#handle, slice, this);
      if (result === 0) return "taken";
      if (result < 0) this.#socket.destroy(past.errorOf(result));
      return "refused";
    }
    facts.beforeWrite?.(this.#socket);
    this.#socket.write(facts.lastBuffer.of(slice));
    return facts.outputAfter(this.#socket, slice.length);
  }

  /** The end of a write past the stream that the kernel had refused at first. */
  handleWritten(code: number): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    if (code < 0) this.#socket.destroy(this.#facts.past?.errorOf(code));
    else this.handleDrain();
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

  putOff(): boolean {
    if (this.#phase !== "open") return false;
    if (this.#secured !== undefined || !holdRead(this.#socket)) this.#socket.pause();
    return true;
  }

  takeUp(): void {
    this.resume();
    if (this.#phase !== "closed" && this.#secured === undefined) letRead(this.#socket);
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
  moveTo(socket: Socket, handle: object | undefined): void {
    this.#unwire();
    this.#socket = socket;
    this.#handle = handle;
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
    if (!writeOn(this, waiting)) return;
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
