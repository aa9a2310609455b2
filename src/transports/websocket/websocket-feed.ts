/**
 * How `ws` reads a socket: by one listener, which is taken off here, so that one does for both of
 * us and a ping that says nothing need not pass the machinery of streams.
 *
 * `ws` takes its listener off by itself after a close frame, after an error and at the end; that
 * has no effect any more. Its receiver ignores what comes after a close frame. The other two are
 * for whoever feeds: nothing after an error, and nothing of a socket that is destroyed, of which
 * `ws` reads the rest by itself. With more than one listener, or none, nothing is taken.
 */
import type { Socket } from "node:net";

export type Feed = (this: Socket, chunk: Uint8Array) => void;

/** Undefined: `ws` goes on by itself. */
export function takeFeed(socket: Socket): Feed | undefined {
  const [feed, ...others] = socket.listeners("data");
  if (feed === undefined || others.length > 0) return undefined;
  socket.off("data", feed as Feed);
  return feed as Feed;
}

const FINAL_PING = 0x89;
const MASKED_AND_EMPTY = 0x80;
const EMPTY_PING_BYTES = 6;

export const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

/** A client's ping without a payload, whole and alone. */
export function isEmptyPing(chunk: Uint8Array): boolean {
  return (
    chunk.length === EMPTY_PING_BYTES && chunk[0] === FINAL_PING && chunk[1] === MASKED_AND_EMPTY
  );
}
