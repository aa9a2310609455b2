/**
 * Reads off a socket of somebody else what it has heard and said, and whether it is being read.
 *
 * Nothing here changes the socket. The counters of the handle are the best there are: below TLS, so
 * that half a record counts, and exact about what the kernel took in the middle of a long write.
 * They are internals, so each has a public counter to fall back to, and nothing but sharpness
 * depends on them.
 *
 * Easy to break: Node reads into a socket before anybody asks for the bytes. So "nothing came" may
 * only be said of a socket whose owner takes what comes.
 */
import type { Socket } from "node:net";

interface Handle {
  readonly bytesRead?: unknown;
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
  readonly reading?: unknown;
  /** Under TLS: the handle of the connection itself. */
  readonly _parent?: Handle | null;
  /** Under TLS of a server: the socket that was accepted. */
  readonly _parentWrap?: Socket | null;
}

/** Bytes that were received, below TLS where that can be seen. */
export function bytesInOf(socket: Socket): number {
  const bytes = wireOf(socket)?.bytesRead;
  return typeof bytes === "number" ? bytes : socket.bytesRead;
}

/** Bytes that the kernel has taken. */
export function bytesTakenOf(socket: Socket): number {
  const wire = wireOf(socket);
  const given = wire?.bytesWritten;
  const waiting = wire?.writeQueueSize;
  if (typeof given === "number" && typeof waiting === "number") return given - waiting;
  return socket.bytesWritten - socket.writableLength;
}

/** Output that the kernel has refused so far. What encryption alone makes wait is none. */
export function bytesRefusedOf(socket: Socket): number {
  const waiting = wireOf(socket)?.writeQueueSize;
  return typeof waiting === "number" ? waiting : socket.writableLength;
}

/** Whether `bytesTakenOf` counts what the kernel counts. */
export function isExact(socket: Socket): boolean {
  const wire = wireOf(socket);
  return typeof wire?.bytesWritten === "number" && typeof wire.writeQueueSize === "number";
}

/** Output that the kernel has not taken. */
export function bytesWaitingOf(socket: Socket): number {
  const waiting = wireOf(socket)?.writeQueueSize;
  const below = typeof waiting === "number" ? waiting : 0;
  return Math.max(socket.writableLength, below);
}

/** Whether silence on this socket is its peer's. */
export function isBeingRead(socket: Socket): boolean {
  if (isUnconnected(socket) || !socket.readable || socket.readableLength > 0) return false;
  // Node itself says that it does not read: its buffer is full, or `onread` asked for a break.
  if (handleOf(socket)?.reading === false) return false;
  if (socket.readableFlowing === true) return true;
  if (socket.listenerCount("readable") > 0) return true; // Async iteration listens, too.
  if (socket.readableFlowing === false) return false;
  // Nobody listens, and yet what came is gone: it is read by `onread`, or by calls of `read`.
  return socket.bytesRead > 0;
}

/** Not connected yet, perhaps not even asked to; or handed over to another process since. */
export function isUnconnected(socket: Socket): boolean {
  return socket.pending && !socket.destroyed;
}

/** What is closed to be rid of a connection: under TLS of a server, what was accepted. */
export function rawSocketOf(socket: Socket): Socket {
  return handleOf(socket)?._parentWrap ?? socket;
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as { readonly _handle?: Handle | null })._handle ?? undefined;
}

function wireOf(socket: Socket): Handle | undefined {
  const handle = handleOf(socket);
  return handle?._parent ?? handle;
}
