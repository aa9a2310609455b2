/**
 * Accepted sockets of node:net behind a balancer: reads the header of the PROXY protocol, and only
 * then offers the connection, as if it had come from where the header says.
 *
 * Easy to break: what came behind the header, in the same read, belongs to the connection; it goes
 * back into the socket, which is paused until somebody has attached. And no listener of this file
 * stays on a socket that is handed on.
 */
import type { Socket } from "node:net";
import { concatBytes, NO_BYTES } from "../../base/bytes.ts";
import { offerAccepted } from "../offer-accepted.ts";
import { discard, ignore } from "../stream-transport.ts";
import type { AcceptHandlers, RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import { addressBy } from "./proxied-address.ts";
import type { ProxyDoor, Waiter } from "./proxy-door.ts";

/** How sockets of one listener are offered. */
export interface SocketOffer {
  readonly canReset: boolean;
  readonly handlers: AcceptHandlers;
  /** Undefined where no balancer is expected. */
  readonly door: ProxyDoor | undefined;
  /** Takes the socket over, synchronously. */
  adopt(socket: Socket, remote: RemoteAddress, to: TransportHandlers): Transport;
}

/** Offers a socket that was just accepted: at once, or when it is known for whom it speaks. */
export function offerSocket(socket: Socket, remote: RemoteAddress, offer: SocketOffer): void {
  const welcome = offer.door?.welcome(remote) ?? "serve";
  if (welcome === "serve") hand(socket, remote, offer);
  else if (welcome === "refuse") discard(socket, offer.canReset);
  else if (offer.door !== undefined) new WaitingSocket(socket, remote, offer, offer.door).begin();
}

function hand(socket: Socket, remote: RemoteAddress, offer: SocketOffer): void {
  const { canReset, handlers } = offer;
  offerAccepted(socket, canReset, remote, handlers, (to) => offer.adopt(socket, remote, to));
}

class WaitingSocket implements Waiter {
  readonly via: RemoteAddress;
  head: Uint8Array = NO_BYTES;
  readonly #socket: Socket;
  readonly #offer: SocketOffer;
  readonly #door: ProxyDoor;

  constructor(socket: Socket, via: RemoteAddress, offer: SocketOffer, door: ProxyDoor) {
    this.#socket = socket;
    this.via = via;
    this.#offer = offer;
    this.#door = door;
  }

  begin(): void {
    this.#door.enter(this);
    this.#socket
      .on("data", this.#onData)
      .on("end", this.#onEnd)
      .on("error", ignore)
      .on("close", this.#onClose)
      .resume();
  }

  end(): void {
    this.#forget();
    discard(this.#socket, this.#offer.canReset);
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.head = this.head.length === 0 ? bytes : concatBytes([this.head, bytes]);
    const reading = this.#door.read(this.head);
    if (reading.kind === "more") return;
    if (reading.kind === "invalid") {
      this.#door.refuse(this, reading.why);
      return;
    }
    const socket = this.#socket.pause();
    this.#door.leave(this);
    this.#forget();
    const rest = this.head.subarray(reading.length);
    if (rest.length > 0) socket.unshift(rest);
    hand(socket, addressBy(reading.header, this.via), this.#offer);
    socket.resume();
  };

  /** FIN. What is missing will not come. */
  readonly #onEnd = (): void => {
    this.#door.onGone(this);
    this.#forget();
    this.#socket.on("error", ignore).destroy();
  };

  readonly #onClose = (): void => {
    this.#forget();
    this.#door.onGone(this);
  };

  #forget(): void {
    this.#socket
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("error", ignore)
      .off("close", this.#onClose);
  }
}
