/**
 * How much of what was handed to a socket its kernel has not taken.
 *
 * Node keeps that to itself (`handle.writeQueueSize`, libuv's "write_queue_size"), and its public
 * counts say nothing about it once TLS stands between. Easy to break: it may be missing, so nothing
 * depends on it but how exactly something is told.
 */
import type { Socket } from "node:net";

/** Undefined where this runtime does not say. */
export function queuedBytes(socket: Socket): number | undefined {
  const handle = (socket as { readonly _handle?: { readonly writeQueueSize?: unknown } | null })
    ._handle;
  const bytes = handle?.writeQueueSize;
  return typeof bytes === "number" ? bytes : undefined;
}
