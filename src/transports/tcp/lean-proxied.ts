/**
 * Connections behind a balancer, below net.Socket: reads the header of the PROXY protocol from the
 * handle, into memory of node's own, and only then says who has come.
 *
 * As in proxied/offer-proxied.ts, but there is no way to give bytes back, so that what came behind
 * the header is handed on. Easy to break: the handle goes on reading all the while, and must not be
 * started again.
 */
import { concatBytes, NO_BYTES } from "../../base/bytes.ts";
import { addressBy } from "../proxied/proxied-address.ts";
import type { ProxyDoor, Waiter } from "../proxied/proxy-door.ts";
import type { RemoteAddress, TransportHandlers } from "../transport.ts";
import type { OnRead } from "./lean-first-bytes.ts";
import type { HandleInternals, TcpHandle } from "./handle-internals.ts";
import { type LeanPort, LeanTransport } from "./lean-transport.ts";

/** The listener to which handles that wait belong. */
export interface LeanHall {
  readonly internals: HandleInternals;
  readonly door: ProxyDoor;
  /** `rest`: what came behind the header. */
  offer(handle: TcpHandle, remote: RemoteAddress, rest: Uint8Array): void;
  /** A handle that nobody was offered is closed. */
  onLeft(): void;
}

/** One function for all handles of a listener that wait. */
export function readHeaders({ internals }: LeanHall): OnRead {
  return function onHeader(this: TcpHandle, memory: ArrayBuffer | undefined): void {
    const waiting = this.owner as WaitingHandle;
    const result = internals.readResult();
    if (result < 0) waiting.handleEnd();
    else if (result > 0 && memory !== undefined) {
      waiting.handleBytes(new Uint8Array(memory, internals.readOffset(), result));
    }
  };
}

/** `onHeader`: what `readHeaders` returned. */
export function awaitHeader(
  handle: TcpHandle,
  via: RemoteAddress,
  hall: LeanHall,
  onHeader: OnRead,
): void {
  const waiting = new WaitingHandle(handle, via, hall);
  handle.owner = waiting;
  handle.onread = onHeader;
  hall.door.enter(waiting);
  if (handle.readStart() < 0) waiting.handleEnd();
}

class WaitingHandle implements Waiter {
  readonly via: RemoteAddress;
  head: Uint8Array = NO_BYTES;
  readonly #handle: TcpHandle;
  readonly #hall: LeanHall;

  constructor(handle: TcpHandle, via: RemoteAddress, hall: LeanHall) {
    this.#handle = handle;
    this.via = via;
    this.#hall = hall;
  }

  end(): void {
    this.#handle.reset(() => this.#hall.onLeft());
  }

  handleBytes(bytes: Uint8Array): void {
    const { door } = this.#hall;
    this.head = this.head.length === 0 ? bytes : concatBytes([this.head, bytes]);
    const reading = door.read(this.head);
    if (reading.kind === "more") return;
    if (reading.kind === "invalid") {
      door.refuse(this, reading.why);
      return;
    }
    door.leave(this);
    const rest = this.head.subarray(reading.length);
    this.#hall.offer(this.#handle, addressBy(reading.header, this.via), rest);
  }

  /** FIN, or a fault: what is missing of the header will not come. */
  handleEnd(): void {
    this.#hall.door.onGone(this);
    this.#handle.close(() => this.#hall.onLeft());
  }
}

/** The address is the one that the balancer gave, not that of the handle. */
export class ProxiedLeanTransport extends LeanTransport {
  readonly #remote: RemoteAddress;

  constructor(
    handle: TcpHandle,
    port: LeanPort,
    remote: RemoteAddress,
    handlers: TransportHandlers,
  ) {
    super(handle, port, { address: "", port: 0 }, handlers);
    this.#remote = remote;
  }

  override get remote(): RemoteAddress {
    return this.#remote;
  }
}
