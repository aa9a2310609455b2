/**
 * The way past the streams of node:net, for accepted sockets that the shared engine has wrapped.
 *
 * Of what a beat costs in Node the stream around the handle is the larger part: it is five objects
 * far apart in memory, asked for every read and every write, and one more made for each write. So
 * bytes go by the handle, both ways. All else is left to the socket: it pauses, shuts down, closes
 * and resets, and is told of errors and of the end of the input by node:net's own function.
 *
 * Easy to break: what is written here is in no count of the socket, so the transport alone knows
 * that something waits; and node:net must never be told of bytes that were read here.
 */
import type { Socket } from "node:net";
import type { PastStream, WriteOwner } from "../stream-facts.ts";
import type { StreamTransport } from "../stream-transport.ts";
import { type HandleInternals, systemError, type TcpHandle } from "./handle-internals.ts";
import type { LentBuffer } from "./lent-buffer.ts";

const READER: unique symbol = Symbol("holdfast.reader");

interface ReadHandle extends TcpHandle {
  [READER]?: StreamTransport;
}

type OnRead = NonNullable<TcpHandle["onread"]>;

export class PastStreams implements PastStream {
  readonly #internals: HandleInternals;
  readonly #onRead: OnRead;
  /** What node:net does about a read; the same function for all of its sockets. */
  #nodesOnRead: OnRead | undefined;

  /** `lent` is what all handles read into. */
  constructor(internals: HandleInternals, lent: LentBuffer) {
    this.#internals = internals;
    const leave = (handle: TcpHandle, memory: ArrayBuffer | undefined): void =>
      this.#nodesOnRead?.call(handle, memory);
    // One function for all handles of the engine; node:net calls it with the handle as `this`.
    this.#onRead = function onRead(this: ReadHandle, memory): void {
      const result = internals.readResult();
      if (result > 0) this[READER]?.handleBytes(lent.lend(result));
      else leave(this, memory);
    };
  }

  /** The handle of a socket that reads into lent memory already; undefined if it is closed. */
  handleOf(socket: Socket): TcpHandle | undefined {
    return (socket as unknown as { readonly _handle: TcpHandle | null })._handle ?? undefined;
  }

  /** From now on `transport` gets what `handle` reads. */
  read(handle: ReadHandle, transport: StreamTransport): void {
    this.#nodesOnRead ??= nodesOnRead(handle);
    handle[READER] = transport;
    handle.onread = this.#onRead;
  }

  write(handle: object, bytes: Uint8Array, owner: WriteOwner): number {
    return this.#internals.writes.write(handle as TcpHandle, bytes, owner);
  }

  errorOf(code: number): Error {
    return systemError(code, "write");
  }
}

function nodesOnRead({ onread }: TcpHandle): OnRead {
  if (typeof onread !== "function") throw new Error("node:net reads in a way that is not known");
  return onread;
}
