/**
 * A TCP connection without a net.Socket: the handle, and this object on it.
 *
 * A connection costs no closure, no listener and, while nothing waits, no request. All handles of
 * an engine read into one buffer; a port that serves something else, too, is read into memory of
 * node's own until the first bytes are known (lean-first-bytes.ts).
 *
 * The rules are those of stream-transport.ts. Three things are easy to break: a shutdown that is
 * under way is waited for by a reset, or libuv leaks the descriptor (socket-reset.ts); the handle
 * tells of a write only after the call, so what waits is a phase; the address is asked for at
 * accept, since the kernel forgets it with a reset of the peer, and the end record wants it.
 */
import { assert } from "../../base/assert.ts";
import { ipAddress } from "../address.ts";
import type {
  EffectiveKernelOptions,
  RemoteAddress,
  Transport,
  TransportHandlers,
  TransportKind,
  UnackedAnswer,
} from "../transport.ts";
import {
  type HandleInternals,
  type RequestOwner,
  systemError,
  type TcpHandle,
} from "./handle-internals.ts";
import { readUnackedBelow } from "./lean-unacked.ts";
import type { UnackedSource } from "./tcp-facts.ts";

/** What all connections of one listener have in common. */
export interface LeanPort {
  readonly internals: HandleInternals;
  readonly source: UnackedSource;
  kernelOptions(): EffectiveKernelOptions;
  /** For tests: lent bytes are overwritten after each `onBytes`, so that keeping them shows. */
  readonly overwriteAfterRead: boolean;
  /** A connection is closed. */
  onLeft(): void;
}

/**
 * open <-> waiting (the kernel has refused a part of a write); from there finishing (bytes first,
 * then FIN) -> shutting (FIN is on its way) -> finished -> ending (the handle closes) -> closed. A
 * reset goes to ending from each of them, from shutting by way of condemned. Holding, before it:
 * the first bytes do not tell yet what they are. Given away: another transport has the handle.
 */
type Phase =
  | "holding"
  | "open"
  | "waiting"
  | "finishing"
  | "shutting"
  | "finished"
  | "condemned"
  | "ending"
  | "closed"
  | "given away";

/** What is private is static: a private method would cost each connection a field. */
export class LeanTransport implements Transport, RequestOwner {
  readonly #handle: TcpHandle;
  readonly #port: LeanPort;
  readonly #handlers: TransportHandlers;
  readonly #peerAddress: string;
  readonly #peerPort: number;
  #phase: Phase = "open";
  #peerFinished = false;
  #fault: Error | undefined;

  /** The caller sets `onread` and starts reading. */
  constructor(
    handle: TcpHandle,
    port: LeanPort,
    peer: { readonly address: string; readonly port: number },
    handlers: TransportHandlers,
  ) {
    this.#handle = handle;
    this.#port = port;
    this.#handlers = handlers;
    this.#peerAddress = peer.address;
    this.#peerPort = peer.port;
    handle.owner = this;
  }

  get kind(): TransportKind {
    return "tcp";
  }

  get remote(): RemoteAddress {
    return ipAddress(this.#peerAddress, this.#peerPort);
  }

  get isPreparing(): boolean {
    return this.#phase === "holding";
  }

  get unsentBytes(): number {
    if (this.#phase !== "waiting" && this.#phase !== "finishing") return 0;
    // One at least: libuv may have none left and not have told yet.
    return Math.max(1, this.#handle.writeQueueSize);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase !== "open") return refuseWrite(this.#phase);
    if (bytes.length === 0) return true;
    const result = this.#port.internals.writes.write(this.#handle, bytes, this);
    if (result === 0) return true;
    if (result === 1) this.#phase = "waiting";
    else LeanTransport.#fail(this, systemError(result, "write"));
    return false;
  }

  finish(): void {
    if (this.#phase === "holding") this.close();
    else if (this.#phase === "waiting") this.#phase = "finishing";
    else if (this.#phase === "open") LeanTransport.#sendFin(this);
  }

  reset(): boolean {
    if (isOver(this.#phase)) return true;
    if (this.#phase === "shutting") this.#phase = "condemned";
    else LeanTransport.#end(this, "reset");
    return true;
  }

  close(): void {
    if (!isOver(this.#phase)) LeanTransport.#end(this, "close");
  }

  pause(): void {
    if (!isOver(this.#phase) && !this.#peerFinished) this.#handle.readStop();
  }

  resume(): void {
    if (!isOver(this.#phase) && !this.#peerFinished) this.#handle.readStart();
  }

  /** Libuv tells the kernel when it asks for more. */
  putOff(): boolean {
    if (this.#phase !== "open" || this.#peerFinished) return false;
    this.#handle.readStop();
    return true;
  }

  takeUp(): void {
    this.resume();
  }

  readUnacked(answer: UnackedAnswer): void {
    if (isOver(this.#phase)) queueMicrotask(() => answer(undefined, false));
    else readUnackedBelow(this.#handle, this.#port.source, answer);
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#port.kernelOptions();
  }

  /** Bytes have come. They are lent to the handlers. */
  handleBytes(bytes: Uint8Array): void {
    if (isOver(this.#phase)) return;
    this.#handlers.onBytes(bytes);
    if (this.#port.overwriteAfterRead) bytes.fill(0xdd);
  }

  /** A read brought no bytes but an error number, of which the end of the input is one. */
  handleReadEnd(code: number): void {
    if (isOver(this.#phase)) return;
    if (code !== this.#port.internals.errors.endOfFile) {
      LeanTransport.#fail(this, systemError(code, "read"));
      return;
    }
    this.#peerFinished = true;
    this.#handlers.onFinished();
    LeanTransport.#closeIfDone(this);
  }

  handleWritten(code: number): void {
    if (this.#phase !== "waiting" && this.#phase !== "finishing") return;
    if (code < 0) {
      LeanTransport.#fail(this, systemError(code, "write"));
      return;
    }
    if (this.#phase === "finishing") LeanTransport.#sendFin(this);
    else this.#phase = "open";
    this.#handlers.onDrained(true);
  }

  handleShutdown(): void {
    // Whether it worked a read will tell.
    if (this.#phase === "condemned") LeanTransport.#end(this, "reset");
    if (this.#phase !== "shutting") return;
    this.#phase = "finished";
    LeanTransport.#closeIfDone(this);
  }

  handleClosed(): void {
    this.#phase = "closed";
    this.#port.onLeft();
    this.#handlers.onClosed(this.#fault);
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

  /** They ask for something else, which `take` makes of the handle. */
  giveAway(take: (handle: TcpHandle, handlers: TransportHandlers) => Transport): void {
    if (this.#phase !== "open" && this.#phase !== "holding") return;
    this.#phase = "given away";
    this.#handlers.onSwitched?.(take(this.#handle, this.#handlers));
  }

  static #sendFin(self: LeanTransport): void {
    const { internals } = self.#port;
    self.#phase = "shutting";
    const code = internals.shutdown(self.#handle, self);
    if (code === 0) return;
    self.#phase = "finished";
    // 1 is "at once". Not connected: the peer has reset, and a read tells, as in node:net.
    if (code === 1 || code === internals.errors.notConnected) LeanTransport.#closeIfDone(self);
    else LeanTransport.#fail(self, systemError(code, "shutdown"));
  }

  /** Both sides have said all. */
  static #closeIfDone(self: LeanTransport): void {
    if (self.#phase === "finished" && self.#peerFinished) LeanTransport.#end(self, "close");
  }

  static #fail(self: LeanTransport, fault: Error): void {
    self.#fault = fault;
    LeanTransport.#end(self, "close");
  }

  static #end(self: LeanTransport, how: "close" | "reset"): void {
    self.#phase = "ending";
    if (how === "close") self.#handle.close(onClosed);
    else self.#handle.reset(onClosed);
  }
}

/** Nothing but `onClosed` follows. */
function isOver(phase: Phase): boolean {
  switch (phase) {
    case "condemned":
    case "ending":
    case "closed":
    case "given away":
      return true;
    default:
      return false;
  }
}

function refuseWrite(phase: Phase): false {
  assert(phase !== "waiting", "nothing is written between a refused write and onDrained");
  assert(isOver(phase), "nothing is written after finish");
  return false;
}

/** The transport on a handle of this engine. */
export function leanTransportOf(handle: TcpHandle): LeanTransport {
  return handle.owner as LeanTransport;
}

function onClosed(this: TcpHandle): void {
  leanTransportOf(this).handleClosed();
}
