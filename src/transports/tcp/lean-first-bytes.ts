/**
 * One port for several kinds of pipe, below net.Socket: looks at what a peer says first, and makes
 * a socket of node:net for what asks for an upgrade. Everything else goes on lean.
 *
 * As in first-bytes.ts, but reads come into memory of node's own until it is clear: a handle that
 * was once given a buffer cannot go back. What was held stands on the handle, so that nothing of it
 * is left afterwards.
 */
import { Socket, type SocketConstructorOpts } from "node:net";
import { concatBytes } from "../../base/bytes.ts";
import type { StreamFacts, Upgrade } from "../stream-facts.ts";
import { HIGH_WATER_MARK } from "../stream-transport.ts";
import type { Transport } from "../transport.ts";
import type { HandleInternals, TcpHandle } from "./handle-internals.ts";
import { type LeanTransport, leanTransportOf } from "./lean-transport.ts";

export type OnRead = (this: TcpHandle, bytes: ArrayBuffer | undefined) => void;

export interface FirstBytesConfig {
  readonly internals: HandleInternals;
  readonly upgrade: Upgrade;
  /** For the sockets that are made. */
  readonly facts: StreamFacts;
  /** Makes a handle go on lean. */
  readonly goOn: (handle: TcpHandle) => void;
  /** The count of a connection falls when a socket that was made of it is destroyed. */
  readonly onLeft: () => void;
}

const HEAD: unique symbol = Symbol("holdfast.head");

interface HoldingHandle extends TcpHandle {
  [HEAD]?: Uint8Array | undefined;
}

/** One function for all handles of a listener. */
export function lookAtFirst(config: FirstBytesConfig): OnRead {
  const { internals } = config;
  return function onFirst(this: HoldingHandle, memory: ArrayBuffer | undefined): void {
    const result = internals.readResult();
    if (result <= 0 || memory === undefined) {
      const isFin = result === internals.errors.endOfFile;
      if (result < 0) endOfHead(this, leanTransportOf(this), result, isFin);
      return;
    }
    lookAt(this, new Uint8Array(memory, internals.readOffset(), result), config);
  };
}

/** `bytes` are kept if they do not tell yet. */
export function lookAt(handle: HoldingHandle, bytes: Uint8Array, config: FirstBytesConfig): void {
  const transport = leanTransportOf(handle);
  const held = handle[HEAD];
  const head = held === undefined ? bytes : concatBytes([held, bytes]);
  const wanted = config.upgrade.recognise(head);
  if (wanted === "more") {
    handle[HEAD] = head;
    transport.hold();
    return;
  }
  if (held !== undefined) handle[HEAD] = undefined;
  if (wanted === "yes") {
    giveAway(transport, head, config);
    return;
  }
  config.goOn(handle);
  transport.release();
  transport.handleBytes(head);
}

/** FIN, before it was clear what is wanted: then it was bytes. */
function endOfHead(
  handle: HoldingHandle,
  transport: LeanTransport,
  code: number,
  isFin: boolean,
): void {
  const head = handle[HEAD];
  if (head !== undefined) {
    handle[HEAD] = undefined;
    if (isFin) {
      transport.release();
      transport.handleBytes(head);
    }
  }
  transport.handleReadEnd(code);
}

function giveAway(
  transport: LeanTransport,
  head: Uint8Array,
  { upgrade, facts, onLeft }: FirstBytesConfig,
): void {
  transport.giveAway((handle, handlers): Transport => {
    const { remote } = transport;
    const socket = socketOver(handle, onLeft);
    return upgrade.take({ socket, head, facts, remote, tls: undefined, handlers });
  });
}

/** A paused socket that owns the connection from now on. */
function socketOver(handle: TcpHandle, onLeft: () => void): Socket {
  handle.readStop();
  const options = {
    handle,
    allowHalfOpen: true,
    pauseOnCreate: true,
    readableHighWaterMark: HIGH_WATER_MARK,
    writableHighWaterMark: HIGH_WATER_MARK,
  };
  return new CountedSocket(options, onLeft);
}

/**
 * Is counted until it is destroyed, as a server of node:net counts its sockets. Its event "close"
 * would be late: that of a TLS socket above it may come before.
 */
class CountedSocket extends Socket {
  readonly #onLeft: () => void;

  constructor(options: SocketConstructorOpts, onLeft: () => void) {
    super(options);
    this.#onLeft = onLeft;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error, callback);
    this.#onLeft();
  }
}
