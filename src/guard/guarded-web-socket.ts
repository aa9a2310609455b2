/**
 * A guarded WebSocket of the package ws, of either side.
 *
 * It is asked by native ping frames with a payload of its own, so that the application's pings and
 * ours are told apart. Bytes are counted on the socket below, so every frame is a sign of life, and
 * half a frame, too.
 *
 * Fields with an underscore are not documented by ws. Without `_socket` nothing can be seen of the
 * connection, and it is not judged; without `_receiver` it is not known which side began to close,
 * and the peer is named.
 */
import type { EventEmitter } from "node:events";
import { errorMonitor } from "node:events";
import { Socket } from "node:net";
import type { Instant } from "../base/time.ts";
import type { Ending, GuardedKind } from "./guard-record.ts";
import type { WebSocketLike } from "./guard-target.ts";
import { Guarded } from "./guarded.ts";
import { mark, marked } from "./mark.ts";
import type { Surroundings } from "./surroundings.ts";
import { faultEnding } from "./system-fault.ts";

interface Inside {
  readonly _socket?: unknown;
  readonly _receiver?: (EventEmitter & object) | null;
  readonly _closeCode?: number;
  readonly _closeMessage?: Uint8Array;
}

/** `readyState`, as the standard numbers it. */
const OPEN = 1;
const CLOSED = 3;
/** RFC 6455 section 7.4.1: going away; no status in the frame; no close frame at all. */
const GOING_AWAY = 1001;
const NO_STATUS = 1005;
const NO_CLOSE_FRAME = 1006;

const PAYLOAD = "holdfast:";

export class GuardedWebSocket extends Guarded {
  readonly target: WebSocketLike;
  #receiver: (EventEmitter & object) | undefined;
  #fault: Error | undefined;

  constructor(target: WebSocketLike, number: number, around: Surroundings, now: Instant) {
    super(number, around, now);
    this.target = target;
    mark(target, this);
    this.#emitter.on("pong", onPong).on("close", onClose).on(errorMonitor, onFault);
    if (this.#inside._socket instanceof Socket) this.handleOpen(now);
    else this.#emitter.on("open", onOpen);
  }

  override get kind(): GuardedKind {
    return "websocket";
  }

  override get isClosed(): boolean {
    return this.target.readyState === CLOSED;
  }

  override get canBeAsked(): boolean {
    return this.target.readyState === OPEN;
  }

  override get queuedBytes(): number {
    return this.target.bufferedAmount;
  }

  handleOpen(now: Instant): void {
    const { _socket: socket, _receiver: receiver } = this.#inside;
    if (!(socket instanceof Socket)) return;
    if (receiver !== undefined && receiver !== null) {
      this.#receiver = receiver;
      mark(receiver, this);
      // First, since the listener of ws answers the frame.
      receiver.prependListener("conclude", onConclude);
    }
    this.begin(socket, now);
  }

  handlePong(payload: Uint8Array): void {
    const seq = this.askedSeq;
    if (seq !== undefined && String(payload) === `${PAYLOAD}${seq}`) this.answered(seq);
  }

  /** A close frame came. */
  handleConclude(): void {
    if (this.target.readyState === OPEN) this.peerBegan = true;
  }

  handleFault(fault: Error): void {
    this.#fault ??= fault;
  }

  handleClose(code: number, reason: Uint8Array): void {
    this.closed(this.#endingOf(code, String(reason)));
  }

  handleOpened(): void {
    this.handleOpen(this.around.clock.now());
  }

  /** Of what is given to "close", from where ws takes it. */
  protected override endingNow(): Ending {
    const { _closeCode: code, _closeMessage: reason } = this.#inside;
    return this.#endingOf(code ?? NO_CLOSE_FRAME, reason === undefined ? "" : String(reason));
  }

  protected override ask(seq: number): void {
    this.target.ping(`${PAYLOAD}${seq}`);
  }

  protected override sayGoodbye(): void {
    this.target.close(GOING_AWAY);
  }

  protected override abandon(): void {
    this.target.terminate();
  }

  protected override onLook(): void {}

  protected override unwire(): void {
    const { target } = this;
    const emitter = this.#emitter;
    emitter.off("pong", onPong).off("close", onClose).off(errorMonitor, onFault);
    emitter.off("open", onOpen);
    this.#receiver?.off("conclude", onConclude);
    if (this.#receiver !== undefined) mark(this.#receiver, undefined);
    mark(target, undefined);
  }

  get #emitter(): EventEmitter {
    return this.target as unknown as EventEmitter;
  }

  get #inside(): Inside {
    return this.target as Inside;
  }

  #endingOf(code: number, reason: string): Ending {
    const { socket } = this;
    const base = { detail: "", cause: undefined, peerSaid: undefined };
    if (code !== NO_CLOSE_FRAME) {
      if (!this.peerBegan && this.#receiver !== undefined) {
        return { ...base, code: "CLOSED_HERE", by: "here" };
      }
      const peerSaid = code === NO_STATUS && reason === "" ? undefined : { code, reason };
      return { ...base, code: "CLOSED_BY_PEER", by: "peer", peerSaid };
    }
    const ofSystem = faultEnding(socket?.errored) ?? faultEnding(this.#fault);
    if (ofSystem !== undefined) return ofSystem;
    const cause = socket?.errored ?? this.#fault;
    const detail = cause?.message ?? "";
    const isGone = socket?.readableEnded === true && cause === undefined;
    return isGone
      ? { ...base, code: "PEER_VANISHED", by: "fault" }
      : { ...base, code: "CLOSED_HERE", by: "here", detail, cause };
  }
}

function onOpen(this: WebSocketLike): void {
  (marked(this) as GuardedWebSocket | undefined)?.handleOpened();
}

function onPong(this: WebSocketLike, payload: Uint8Array): void {
  (marked(this) as GuardedWebSocket | undefined)?.handlePong(payload);
}

function onClose(this: WebSocketLike, code: number, reason: Uint8Array): void {
  (marked(this) as GuardedWebSocket | undefined)?.handleClose(code, reason);
}

function onFault(this: WebSocketLike, fault: Error): void {
  (marked(this) as GuardedWebSocket | undefined)?.handleFault(fault);
}

function onConclude(this: EventEmitter): void {
  (marked(this) as GuardedWebSocket | undefined)?.handleConclude();
}
