/**
 * Resets a socket, whatever it is doing.
 *
 * libuv refuses to reset a socket whose shutdown is under way, and then leaks its descriptor
 * (uv_tcp_close_reset answers EINVAL), so that is waited for: it takes a turn, since FIN needs no
 * room at the peer. While bytes wait before it the shutdown has not begun.
 */
import type { Socket } from "node:net";
import type { StreamFacts } from "./stream-facts.ts";
import { queuedBytes } from "./write-queue.ts";

export function resetSocket(socket: Socket, facts: StreamFacts): void {
  const raw = facts.rawOf(socket);
  if (!facts.canReset) raw.destroy();
  else if (!isShuttingDown(socket)) raw.resetAndDestroy();
  // The farewell of TLS may wait for a kernel that takes nothing, and FIN behind it for ever.
  else if (raw !== socket && queuedBytes(raw) !== 0) raw.destroy();
  else socket.on("finish", () => raw.resetAndDestroy());
}

function isShuttingDown(socket: Socket): boolean {
  const { writableEnded, writableFinished, writableLength, destroyed } = socket;
  return writableEnded && !writableFinished && writableLength === 0 && !destroyed;
}
