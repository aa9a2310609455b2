/**
 * Takes a socket of node:net off the list of those that the event loop reads, and puts it back.
 *
 * `socket.pause()` does not: the bytes that wait are read into the stream's buffer first, which is
 * most of what reading costs. Its handle does, and libuv tells the kernel when it asks for more.
 * Easy to break: the stream knows nothing of it, and may begin to read again at any time. So this
 * is for putting off, where that costs time and nothing else.
 */
import type { Socket } from "node:net";

/** What node:net keeps to itself, as far as it is used here. */
interface ReadHandle {
  reading?: unknown;
  readonly readStart?: () => number;
  readonly readStop?: () => number;
}

/** False: it is not being read, or this runtime has another kind of handle. */
export function holdRead(socket: Socket): boolean {
  const handle = handleOf(socket);
  if (handle?.reading !== true || typeof handle.readStop !== "function") return false;
  handle.reading = false;
  handle.readStop();
  return true;
}

/** Undoes it, and does nothing where the stream was told to pause meanwhile. */
export function letRead(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle?.reading !== false || typeof handle.readStart !== "function") return;
  if (socket.isPaused()) return;
  handle.reading = true;
  handle.readStart();
}

function handleOf(socket: Socket): ReadHandle | undefined {
  return (socket as unknown as { readonly _handle: ReadHandle | null })._handle ?? undefined;
}
