/** The unacknowledged bytes of a connection that has no socket of node:net, asked for seldom. */
import type { UnackedAnswer } from "../transport.ts";
import type { HandleAddress, TcpHandle } from "./handle-internals.ts";
import { readUnacked, type UnackedSource } from "./tcp-facts.ts";

/** Answers later. */
export function readUnackedBelow(
  handle: TcpHandle,
  source: UnackedSource,
  answer: UnackedAnswer,
): void {
  readUnacked(source, new HandleEnds(handle), answer);
}

/** What of a socket is looked at for it. */
class HandleEnds {
  /** Where descriptors are looked for. */
  readonly _handle: TcpHandle;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;

  constructor(handle: TcpHandle) {
    this._handle = handle;
    const local: HandleAddress = {};
    const remote: HandleAddress = {};
    if (handle.getsockname(local) !== 0 || handle.getpeername(remote) !== 0) return;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  get bytesWritten(): number {
    return this._handle.bytesWritten ?? 0; // Undefined once it is closed.
  }
}
