/** What is told once for many pipes over sockets of node:net, and what they may become. */
import type { Socket } from "node:net";
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

/** What all pipes of one listener, or one dialer, have in common. */
export interface StreamFacts {
  readonly kind: TransportKind;
  /** Whether the peer can be told by a reset. */
  readonly canReset: boolean;
  /** For tests: lent bytes are overwritten after each `onBytes`, so that keeping them shows. */
  readonly overwriteAfterRead: boolean;
  readonly kernelOptions: EffectiveKernelOptions;
  /** For pipes that are given the handle inside of their socket, too. */
  readonly past: PastStream | undefined;
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

/** The way past the stream of node:net, to the handle that it stands around. */
export interface PastStream {
  /**
   * 0: the kernel took all of `bytes`. 1: a part waits, and `owner` is told of its end. Below: an
   * error number.
   */
  write(handle: object, bytes: Uint8Array, owner: WriteOwner): number;
  /** What node:net would say of that number. */
  errorOf(code: number): Error;
}

/** Who is told of the end of a write that did not end at once. */
export interface WriteOwner {
  /** 0, or an error number. */
  handleWritten(code: number): void;
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

function isBroken(socket: Socket): boolean {
  return socket.destroyed || socket.errored !== null;
}

/** Ends a socket below which too much has piled up, because its peer takes nothing. */
export function endIfGrown(socket: Socket, facts: StreamFacts): Error | undefined {
  if (facts.growthFault === undefined || socket.writableLength === 0) return undefined;
  const fault = facts.growthFault(socket);
  if (fault !== undefined) socket.destroy();
  return fault;
}
