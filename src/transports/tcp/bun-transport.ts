/**
 * An accepted socket of Bun as a Transport.
 *
 * All sockets share one set of handlers, which find their transport in `socket.data`: a connection
 * costs no closure and no buffer. Easy to break: Bun runs handlers inside calls of ours, so each
 * such call goes through `calling`, and what runs meanwhile is put off to a microtask, in order;
 * the FIN of a peer to which we have sent ours already comes as a close without an error.
 */
import { assert } from "../../base/assert.ts";
import { unmapped, urlHost, withoutZone } from "../address.ts";
import type {
  EffectiveKernelOptions,
  RemoteAddress,
  Transport,
  TransportHandlers,
  UnackedAnswer,
} from "../transport.ts";
import type { BunHandlers, BunSocket } from "./bun-runtime.ts";
import { SO_RCVLOWAT } from "./native-sockopt.ts";
import type { TcpEngineConfig } from "./tcp-engine.ts";
import { readUnacked } from "./tcp-facts.ts";

/** Whoever says more than that at once is no peer that only beats. */
const UNHEARD_BYTES = 4_096;

export type AcceptedSocket = BunSocket<BunTransport>;

/** What all sockets of one listener have in common. */
export interface BunHome {
  readonly engine: TcpEngineConfig;
  readonly effective: EffectiveKernelOptions;
  /** One of them is gone. */
  onGone(): void;
}

/**
 * open -> finishing (bytes first, then FIN) -> finished (FIN is out) -> closed, and from each of
 * them reset -> closed.
 */
type Phase = "open" | "finishing" | "finished" | "reset" | "closed";

/** It is its own remote address, too: an object less for each connection. */
export class BunTransport implements Transport, RemoteAddress {
  readonly #socket: AcceptedSocket;
  readonly #home: BunHome;
  /** Asked for once, since the kernel knows it no more when the connection is gone. */
  readonly #host: string;
  readonly #port: number;
  #handlers: TransportHandlers = NOBODY;
  #phase: Phase = "open";
  #sawFin = false;
  /** What the kernel has not taken of the last write. */
  #rest: Uint8Array | undefined;

  constructor(socket: AcceptedSocket, home: BunHome, host: string, port: number) {
    this.#socket = socket;
    this.#home = home;
    this.#host = unmapped(host);
    this.#port = port;
  }

  get kind(): "tcp" {
    return "tcp";
  }

  get remote(): RemoteAddress {
    return this;
  }

  get text(): string {
    return `${urlHost(this.#host)}:${this.#port}`;
  }

  get ip(): string {
    return withoutZone(this.#host);
  }

  get isPreparing(): boolean {
    return false;
  }

  get isAttached(): boolean {
    return this.#handlers !== NOBODY;
  }

  get unsentBytes(): number {
    return this.#rest?.length ?? 0;
  }

  attach(handlers: TransportHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return false;
    assert(this.#phase === "open", "nothing is written after finish");
    assert(this.#rest === undefined, "nothing is written between a refused write and onDrained");
    if (bytes.length === 0) return true;
    return this.#push(bytes);
  }

  finish(): void {
    if (this.#phase !== "open") return;
    if (this.#rest !== undefined) this.#phase = "finishing";
    else this.#sendFin();
  }

  reset(): boolean {
    if (this.#leave()) calling(this.#socket, terminate);
    return true;
  }

  close(): void {
    if (this.#leave()) calling(this.#socket, close);
  }

  pause(): void {
    if (this.#phase !== "reset" && this.#phase !== "closed") calling(this.#socket, pause);
  }

  resume(): void {
    if (this.#phase !== "reset" && this.#phase !== "closed") calling(this.#socket, resume);
  }

  /**
   * By the kernel, to which fewer bytes than so many are none, for a moment. `pause` of Bun is two
   * system calls and an event more.
   */
  putOff(): boolean {
    const { native } = this.#home.engine;
    return (
      this.#phase === "open" && native?.set(this.#socket.fd, SO_RCVLOWAT, UNHEARD_BYTES) === true
    );
  }

  takeUp(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#home.engine.native?.set(this.#socket.fd, SO_RCVLOWAT, 1);
  }

  readUnacked(answer: UnackedAnswer): void {
    readUnacked(this.#home.engine, new CountedSocket(this.#socket), answer);
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#home.effective;
  }

  handleBytes(bytes: Uint8Array): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#handlers.onBytes(bytes);
    if (this.#home.engine.overwriteAfterRead) bytes.fill(0xdd);
  }

  handleDrain(): void {
    const rest = this.#rest;
    if (rest === undefined || !this.#push(rest)) return;
    if (this.#phase === "finishing") this.#sendFin();
    // Nothing waits here but what the kernel has refused.
    this.#handlers.onDrained(true);
  }

  handleEnd(): void {
    if (this.#phase === "reset" || this.#phase === "closed" || this.#sawFin) return;
    this.#sawFin = true;
    this.#handlers.onFinished();
  }

  handleClose(error: Error | undefined): void {
    if (this.#phase === "closed") return;
    this.#home.onGone();
    const isOurs = this.#phase === "reset";
    if (error === undefined && this.#phase === "finished") this.handleEnd();
    this.#phase = "closed";
    this.#rest = undefined;
    // Bun tells of neither FIN nor an error only if it gave the socket up by itself.
    const fault = isOurs || this.#sawFin ? error : (error ?? givenUp());
    this.#handlers.onClosed(isOurs ? undefined : fault);
  }

  /** True when the kernel has taken all of it. */
  #push(bytes: Uint8Array): boolean {
    const takenBytes = write(this.#socket, bytes);
    if (takenBytes === bytes.length) {
      this.#rest = undefined;
      return true;
    }
    // A socket that is closed takes nothing (-1), and its close is on the way.
    this.#rest = takenBytes > 0 ? bytes.subarray(takenBytes) : bytes;
    return false;
  }

  #sendFin(): void {
    this.#phase = "finished";
    calling(this.#socket, shutdown);
  }

  /** False when it is left already. */
  #leave(): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return false;
    this.#phase = "reset";
    this.#rest = undefined;
    return true;
  }
}

/** Of a socket that nobody attached to. */
const NOBODY: TransportHandlers = {
  onBytes() {},
  onDrained() {},
  onFinished() {},
  onClosed() {},
};

/** What `readUnacked` looks at, as node:net shows it. Made when somebody asks, which is seldom. */
class CountedSocket {
  readonly _handle: { readonly fd: number };
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly #socket: AcceptedSocket;

  constructor(socket: AcceptedSocket) {
    this.#socket = socket;
    this._handle = socket;
    // Bun remembers the addresses of a closed socket, of which nothing is known any more.
    const isOpen = socket.fd >= 0;
    this.localAddress = isOpen ? socket.localAddress : undefined;
    this.localPort = socket.localPort;
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }
}

function givenUp(): Error {
  const error = new Error("the connection was given up by the runtime");
  return Object.assign(error, { code: "ECONNABORTED" });
}

/** True while a call of ours into Bun runs: of one process, since it runs one thing at a time. */
let isCalling = false;

function calling(socket: AcceptedSocket, call: (socket: AcceptedSocket) => void): void {
  const wasCalling = isCalling;
  isCalling = true;
  try {
    call(socket);
  } finally {
    isCalling = wasCalling;
  }
}

/** As `calling`, without its detour: it is done for each answer to a ping. */
function write(socket: AcceptedSocket, bytes: Uint8Array): number {
  const wasCalling = isCalling;
  isCalling = true;
  try {
    return socket.write(bytes);
  } finally {
    isCalling = wasCalling;
  }
}

function terminate(socket: AcceptedSocket): void {
  socket.terminate();
}

function close(socket: AcceptedSocket): void {
  socket.close();
}

function shutdown(socket: AcceptedSocket): void {
  socket.shutdown();
}

function pause(socket: AcceptedSocket): void {
  socket.pause();
}

function resume(socket: AcceptedSocket): void {
  socket.resume();
}

/** The handlers of all sockets, but for `open`, which is the listener's. */
export const SOCKET_HANDLERS: Omit<BunHandlers<BunTransport>, "open"> = {
  data(socket, bytes) {
    if (isCalling) queueMicrotask(() => socket.data.handleBytes(bytes));
    else socket.data.handleBytes(bytes);
  },
  drain(socket) {
    if (isCalling) queueMicrotask(() => socket.data.handleDrain());
    else socket.data.handleDrain();
  },
  end(socket) {
    if (isCalling) queueMicrotask(() => socket.data.handleEnd());
    else socket.data.handleEnd();
  },
  close(socket, error) {
    if (isCalling) queueMicrotask(() => socket.data.handleClose(error));
    else socket.data.handleClose(error);
  },
  error(_socket, error) {
    // What a handler throws is as uncaught here as in an event of node:net.
    queueMicrotask(() => {
      throw error;
    });
  },
};
