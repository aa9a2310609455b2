/**
 * What a stream over TLS is made of: the socket that speaks TLS, and the raw one that carries it.
 *
 * Node hands the raw socket's handle to the TLS socket, and closes one with the other; the raw one
 * can be reset and measured, and the other one can be read and written. What makes output exact: a
 * write of TLS always completes later, but its records reach the kernel within the call, or wait in
 * the raw handle, or (behind a handshake's last words) inside TLS. The count of the raw socket says
 * whether they came out, the queue of its handle whether the kernel took them. Where this runtime
 * does not tell the queue, every write counts as passing, which proves nothing.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { HoldfastError } from "../../base/errors.ts";
import { LastBuffer } from "../last-buffer.ts";
import type { OutputState, StreamFacts } from "../stream-facts.ts";
import { transportOf } from "../stream-transport.ts";
import { queuedBytes } from "../write-queue.ts";

const CARRIER: unique symbol = Symbol("holdfast.carrier");

interface Carrier {
  readonly raw: Socket;
  /** What the raw socket had been given before the write that is under way. */
  writtenBytes: number;
}

interface CarriedSocket extends Socket {
  [CARRIER]?: Carrier;
}

/** `carrier`: the facts of the raw sockets; `faultOf` puts into words what TLS complains about. */
export function tlsStreamFacts(
  carrier: StreamFacts,
  faultOf: (error: Error) => Error | undefined,
): StreamFacts {
  return {
    ...carrier,
    kind: "tls",
    past: undefined,
    lastBuffer: new LastBuffer(),
    rawOf,
    beforeWrite,
    outputAfter,
    growthFault,
    faultOf: (_, error) => faultOf(error) ?? error,
  };
}

/**
 * To be called when `socket` was made over `raw`, so that the facts find it; all errors of both,
 * which Node tells in three ways, then arrive at the stream.
 */
export function carry(socket: TLSSocket, raw: Socket): void {
  (socket as CarriedSocket)[CARRIER] = { raw, writtenBytes: Number.POSITIVE_INFINITY };
  // A fault of the raw socket would close the one above without a word.
  raw.on("error", (error) => transportOf(socket)?.handleError(error));
  // What breaks TLS after the handshake closes nothing by itself.
  socket.on("_tlsError", (error: Error) => {
    transportOf(socket)?.handleError(error);
    raw.destroy();
  });
}

function rawOf(socket: Socket): Socket {
  return (socket as CarriedSocket)[CARRIER]?.raw ?? socket;
}

function beforeWrite(socket: Socket): void {
  const carrier = (socket as CarriedSocket)[CARRIER];
  if (carrier !== undefined) carrier.writtenBytes = carrier.raw.bytesWritten;
}

function outputAfter(socket: Socket, byteCount: number): OutputState {
  const carrier = (socket as CarriedSocket)[CARRIER];
  if (carrier === undefined || socket.destroyed || socket.errored !== null) return "refused";
  const { raw, writtenBytes } = carrier;
  const queued = queuedBytes(raw);
  if (queued !== undefined && queued > 0) return "refused";
  // A record is longer than what it holds.
  const isOut = raw.bytesWritten - writtenBytes > byteCount;
  return queued === 0 && isOut && socket.writableLength === byteCount ? "taken" : "passing";
}

/** A slice in its records has a tenth of that. */
const ANSWERS_BYTES_MAX = 1024 * 1024;

/**
 * TLS answers by itself whoever asks it for new keys (RFC 8446 section 4.6.3), and keeps the
 * answers of a peer that reads none of them, without end. Only the queue within TLS tells of them.
 */
function growthFault(socket: Socket): Error | undefined {
  const waiting = queuedBytes(socket) ?? 0;
  if (waiting <= ANSWERS_BYTES_MAX) return undefined;
  const words = `the peer asked for new keys, and left ${waiting} bytes of answers unread`;
  return new HoldfastError("TLS_FAILED", words);
}
