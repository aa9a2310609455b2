/**
 * One port for several kinds of pipe: looks at what a peer says first, and lets an upgrade take the
 * socket over if that is what was asked for.
 *
 * Mostly the first read tells, and nothing is kept afterwards: no closure, no object. A beginning
 * that may become either is held back, on the socket, until it is clear. Easy to break: a peer that
 * stops there has to be under a deadline, so the pipe is "preparing" meanwhile; and one that says
 * FIN there meant its bytes.
 */
import type { Socket } from "node:net";
import { concatBytes } from "../base/bytes.ts";
import type { StreamFacts } from "./stream-facts.ts";
import { readByEvent, type StreamTransport, transportOf } from "./stream-transport.ts";
import type { RemoteAddress, TlsFacts, Transport, TransportHandlers } from "./transport.ts";

const HEAD: unique symbol = Symbol("holdfast.head");

interface HoldingSocket extends Socket {
  [HEAD]?: Uint8Array | undefined;
}

/** Arranges for whatever comes after the first bytes. */
export type GoOn = (socket: Socket, transport: StreamTransport) => void;

type OnData = (this: Socket, bytes: Uint8Array) => void;

/** Reads as node:net does for everybody, and looks at the first bytes where that is to be done. */
export function readFirst(socket: Socket, facts: StreamFacts): void {
  if (facts.upgrade === undefined) readByEvent(socket);
  else socket.on("data", onFirst);
}

/** Where nothing else is served the peer is not waited for. Undefined: it is served otherwise. */
export function takeAtOnce(
  socket: Socket,
  facts: StreamFacts,
  remote: RemoteAddress,
  tls: TlsFacts | undefined,
  handlers: TransportHandlers,
): Transport | undefined {
  if (facts.upgrade?.isOnly !== true) return undefined;
  return facts.upgrade.take({ socket, head: new Uint8Array(0), facts, remote, tls, handlers });
}

/** For the listener `onData` of a socket that has said nothing, or not enough, so far. */
export function lookAtFirst(socket: Socket, bytes: Uint8Array, onData: OnData, goOn: GoOn): void {
  const transport = transportOf(socket);
  const upgrade = transport?.upgrade;
  if (transport === undefined || upgrade === undefined) return;
  const holding: HoldingSocket = socket;
  const held = holding[HEAD];
  const head = held === undefined ? bytes : concatBytes([held, bytes]);
  const wanted = upgrade.recognise(head);
  if (wanted === "more") {
    if (held === undefined) socket.prependListener("end", onEndOfHead);
    holding[HEAD] = head;
    transport.hold();
    return;
  }
  socket.off("data", onData);
  if (held !== undefined) forget(holding);
  if (wanted === "yes") {
    transport.switchBy(upgrade, head);
    return;
  }
  transport.release();
  goOn(socket, transport);
  transport.handleBytes(head);
}

function onFirst(this: Socket, bytes: Uint8Array): void {
  lookAtFirst(this, bytes, onFirst, readByEvent);
}

/** FIN, before it was clear what is wanted: then it was bytes. */
function onEndOfHead(this: HoldingSocket): void {
  const head = this[HEAD];
  const transport = transportOf(this);
  forget(this);
  if (head === undefined || transport === undefined) return;
  transport.release();
  transport.handleBytes(head);
}

function forget(socket: HoldingSocket): void {
  socket[HEAD] = undefined;
  socket.off("end", onEndOfHead);
}
