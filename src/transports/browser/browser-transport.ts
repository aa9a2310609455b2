/**
 * The platform's own WebSocket as a Transport: of pages and workers, or of any runtime with one.
 *
 * It is less than what others promise: there is no reset, no reading can be paused (messages wait
 * here instead, up to a limit), and that bytes have left is only known from `bufferedAmount`,
 * which nobody tells: it is looked at, and the longer it stands the more rarely. Zero means that
 * the browser has handed them on, which proves nothing about the peer. Easy to break: a message is
 * whole frames (docs/protocol.md), so nothing is cut here; a close frame of a page may say 1000
 * and 3000 to 4999 only; and no handler may run inside a call of ours.
 */
import { assert } from "../../base/assert.ts";
import { concatBytes } from "../../base/bytes.ts";
import { HoldfastError } from "../../base/errors.ts";
import { type Cancel, type Clock, later } from "../../base/time.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type {
  EffectiveKernelOptions,
  LastWord,
  RemoteAddress,
  Transport,
  TransportHandlers,
  UnackedAnswer,
} from "../transport.ts";
import { closeReason } from "../websocket/close-word.ts";
import { MessageCheck } from "../websocket/message-check.ts";
import type { Speech } from "../websocket/message-writer.ts";
import { readMessage } from "../websocket/message-reader.ts";
import { type CloseLike, OPEN, type PlatformSocket } from "./web-socket-like.ts";

export interface BrowserTransportConfig {
  readonly clock: Clock;
  /** As people write it: `host:port`. */
  readonly remote: string;
  readonly speech: Speech;
  readonly firstByte: number | undefined;
  readonly textBytesMax: number;
  /** Something came from the network: the moment for timers that a hidden page holds back. */
  readonly onEvent: () => void;
}

/** Between two looks at `bufferedAmount`: soon at first, since most of it goes at once. */
const LOOK_MS_MIN = 2;
const LOOK_MS_MAX = 100;
/** What waits while nobody reads. A Holdfast server stops far below, at what is unacknowledged. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;
const NORMAL = 1000;
/** The first number that is free for private use (RFC 6455 section 7.4.2). */
const PRIVATE = 4000;
const NO_CLOSE_FRAME = 1006;
const LF = 0x0a;

type Phase = "open" | "finished" | "left" | "closed";

export class BrowserTransport implements Transport {
  readonly remote: RemoteAddress;
  readonly #ws: PlatformSocket;
  readonly #config: BrowserTransportConfig;
  readonly #handlers: TransportHandlers;
  readonly #check: MessageCheck;
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #phase: Phase = "open";
  #isPaused = false;
  /** A write was refused, and nobody was told yet that it is through. */
  #owesDrained = false;
  #cancelLook: Cancel | undefined;
  #lookMs = LOOK_MS_MIN;
  /** The line that was begun. */
  #begun: Uint8Array[] = [];
  #heldClose: CloseLike | undefined;

  constructor(ws: PlatformSocket, config: BrowserTransportConfig, handlers: TransportHandlers) {
    this.remote = { text: config.remote, ip: "" };
    this.#ws = ws;
    this.#config = config;
    this.#handlers = handlers;
    this.#check = new MessageCheck(config.speech, config.firstByte);
    ws.onmessage = ({ data }) => this.#onMessage(data);
    ws.onclose = (close) => this.#onClose(close);
  }

  get kind(): "websocket" {
    return "websocket";
  }

  get isPreparing(): false {
    return false;
  }

  get unsentBytes(): number {
    return this.#isOver ? 0 : this.#ws.bufferedAmount;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#ws.readyState !== OPEN) return false;
    assert(this.#phase === "open", "nothing is written after finish");
    if (bytes.length > 0) this.#send(bytes);
    if (this.#ws.bufferedAmount === 0) return true;
    this.#owesDrained = true;
    this.#lookMs = LOOK_MS_MIN;
    this.#lookLater();
    return false;
  }

  /** The browser sends what it has first. No timer: the page may be about to be frozen. */
  finish(word: LastWord = { code: "CLOSED_BY_PEER", reason: "" }): void {
    if (this.#phase !== "open") return;
    this.#phase = "finished";
    const reason = closeReason(word);
    this.#ws.close(reason === word.reason ? NORMAL : PRIVATE, reason);
  }

  /** A page cannot reset: the browser says goodbye for as long as it likes, and nobody waits. */
  reset(): false {
    this.#leave();
    return false;
  }

  close(): void {
    this.#leave();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#unread.length > 0 || this.#heldClose !== undefined) {
      this.#config.clock.afterTurn(() => this.#readUnread());
    }
  }

  readUnacked(answer: UnackedAnswer): void {
    this.#config.clock.afterTurn(() => answer(undefined, false));
  }

  kernelOptions(): EffectiveKernelOptions {
    return NO_KERNEL_OPTIONS;
  }

  get #isOver(): boolean {
    return this.#phase === "left" || this.#phase === "closed";
  }

  #send(bytes: Uint8Array): void {
    if (this.#config.speech === "binary") {
      this.#ws.send(bytes as Uint8Array<ArrayBuffer>);
      return;
    }
    let at = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
      const line = concatBytes([...this.#begun, bytes.subarray(at, end)]);
      this.#begun = [];
      this.#ws.send(new TextDecoder().decode(line));
      at = end + 1;
    }
    if (at < bytes.length) this.#begun.push(bytes.slice(at));
  }

  #onMessage(data: unknown): void {
    if (this.#isOver) return;
    const isBinary = typeof data !== "string";
    const bytes = isBinary ? new Uint8Array(data as ArrayBuffer) : new TextEncoder().encode(data);
    const fault = this.#faultOf(bytes, isBinary);
    if (fault !== undefined) return this.#fail(fault);
    this.#unread.push(readMessage(bytes, isBinary));
    this.#unreadBytes += bytes.length;
    this.#readUnread();
    this.#look();
    this.#config.onEvent();
  }

  #faultOf(bytes: Uint8Array, isBinary: boolean): HoldfastError | undefined {
    const fault = this.#check.faultOf(bytes, isBinary);
    if (fault !== undefined) return new HoldfastError(fault.code, fault.detail);
    if (!isBinary && bytes.length > this.#config.textBytesMax) {
      return new HoldfastError("LINE_TOO_LONG", `a text message has ${bytes.length} bytes`);
    }
    if (this.#unreadBytes + bytes.length <= UNREAD_BYTES_MAX) return undefined;
    const detail = `${UNREAD_BYTES_MAX} bytes waited to be read`;
    return new HoldfastError("READER_TOO_SLOW", detail);
  }

  #readUnread(): void {
    while (!this.#isPaused && !this.#isOver) {
      const bytes = this.#unread.shift();
      if (bytes === undefined) break;
      this.#unreadBytes -= bytes.length;
      this.#handlers.onBytes(bytes);
    }
    const close = this.#heldClose;
    if (close === undefined || this.#isPaused || this.#isOver) return;
    this.#heldClose = undefined;
    this.#tellClose(close);
  }

  #onClose(close: CloseLike): void {
    if (this.#phase === "closed") return;
    if (this.#unread.length > 0 && this.#isPaused && this.#phase !== "left") {
      this.#heldClose = close;
      return;
    }
    this.#tellClose(close);
    this.#config.onEvent();
  }

  #tellClose({ code, reason }: CloseLike): void {
    const wasSaid = code !== NO_CLOSE_FRAME && this.#phase !== "left";
    if (wasSaid) this.#handlers.onFinished({ code: String(code), reason });
    if (this.#phase === "closed") return;
    this.#drop();
    this.#phase = "closed";
    this.#handlers.onClosed(undefined);
  }

  #fail(fault: HoldfastError): void {
    this.#ws.close(PRIVATE, closeReason({ code: fault.code, reason: "" }));
    this.#drop();
    this.#phase = "closed";
    this.#handlers.onClosed(fault);
  }

  /** The end is told at once, though the browser may be busy for long with a peer that is gone. */
  #leave(): void {
    if (this.#isOver) return;
    this.#phase = "left";
    this.#drop();
    this.#ws.close();
    this.#config.clock.afterTurn(() => {
      if (this.#phase === "closed") return;
      this.#phase = "closed";
      this.#handlers.onClosed(undefined);
    });
  }

  #drop(): void {
    this.#ws.onmessage = null;
    this.#ws.onclose = null;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#unread.length = 0;
    this.#unreadBytes = 0;
    this.#begun = [];
  }

  #lookLater(): void {
    if (this.#cancelLook !== undefined) return;
    const { clock } = this.#config;
    this.#cancelLook = clock.wakeAt(later(clock.now(), this.#lookMs), () => {
      this.#cancelLook = undefined;
      this.#lookMs = Math.min(LOOK_MS_MAX, this.#lookMs * 2);
      this.#look();
    });
  }

  #look(): void {
    if (!this.#owesDrained || this.#isOver) return;
    if (this.#ws.bufferedAmount > 0) return this.#lookLater();
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#owesDrained = false;
    this.#handlers.onDrained(false);
  }
}
