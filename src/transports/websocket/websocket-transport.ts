/**
 * An upgraded WebSocket (RFC 6455) as a Transport. `ws` decodes and encodes; what is read, what is
 * written and when, is decided here.
 *
 * Binary messages are bytes of the stream, as they come. A text message is one line. Easy to break:
 *
 * - `ws` reads on through the chunk at hand when it is told to pause, so messages wait here then.
 * - Of everything that was written only one slice at a time is with the socket, as in
 *   stream-transport.ts, or nobody knows what the kernel has taken. Pongs never pile up behind it.
 * - There is no half a close: after either close frame both directions are done.
 * - The end is told when the socket is gone. Until then somebody who broke the protocol counts as
 *   here, for as long as `ws` waits for the answer to our close frame.
 */
import type { Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import { HoldfastError } from "../../base/errors.ts";
import { resetSocket } from "../socket-reset.ts";
import { endIfGrown, type StreamFacts } from "../stream-transport.ts";
import type {
  EffectiveKernelOptions,
  LastWord,
  RemoteAddress,
  TlsFacts,
  Transport,
  TransportHandlers,
  UnackedAnswer,
  UpgradeRequest,
} from "../transport.ts";
import { type Close, closeCode, closeReason, POLICY } from "./close-word.ts";
import { FrameMeter } from "./frame-meter.ts";
import { MessageWriter } from "./message-writer.ts";
import { MessageCheck, type MessageFault } from "./message-check.ts";
import { readMessage } from "./message-reader.ts";
import type { WebSocketFacts } from "./websocket-facts.ts";
import type { WsSocket } from "./ws-package.ts";

/** The step in which `unsentBytes` falls. */
const SLICE_BYTES = 64 * 1024;

const OPEN = 1;

/** RFC 6455 section 7.1.5: the number of an end without a close frame. It is never on the wire. */
const NO_CLOSE_FRAME = 1006;

/**
 * open -> finishing (bytes first, then the close frame) -> finished (it is out) -> closed. Failed:
 * the peer broke a rule; only the end of the socket is awaited.
 */
type Phase = "open" | "finishing" | "finished" | "failed" | "reset" | "closed";

const TRANSPORT: unique symbol = Symbol("holdfast.websocket");

interface WiredWebSocket extends WsSocket {
  [TRANSPORT]?: WebSocketTransport;
}

interface WiredSocket extends Socket {
  [TRANSPORT]?: WebSocketTransport;
}

export class WebSocketTransport implements Transport {
  readonly kind = "websocket" as const;
  readonly isPreparing = false as const;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
  readonly request: UpgradeRequest | undefined;
  readonly #socket: Socket;
  readonly #stream: StreamFacts;
  readonly #handlers: TransportHandlers;
  readonly #ws: WsSocket;
  readonly #writer: MessageWriter;
  readonly #meter: FrameMeter;
  readonly #check: MessageCheck;
  #phase: Phase = "open";
  #fault: Error | undefined;
  /** What `write` was given and is not yet handed to the socket. */
  #rest: Uint8Array | undefined;
  #waitingBytes = 0;
  #wasRefused = false;
  /** A write was refused, and nobody was told yet that it is through. */
  #owesDrained = false;
  #word: LastWord | undefined;
  /** The payload of the latest ping that is to be answered once there is room. */
  #owedPong: Uint8Array | undefined;
  #isPaused = false;
  /** Messages that `ws` had read already when it was paused. */
  #unread: Uint8Array[] | undefined;
  /** The end, which waits for those to be read. */
  #heldClose: Close | undefined;
  /** The chunk at hand has told something, which is a sign of life already. */
  #hasTold = false;
  #toldHeldBytes = 0;
  /** Under TLS: what the raw socket had read when we last told of a sign of life. */
  #rawBytesHeard = 0;

  constructor(ws: WsSocket, facts: WebSocketFacts, handlers: TransportHandlers) {
    const { socket, stream, remote, tls, request, speech, firstByte } = facts;
    this.#meter = new FrameMeter(facts.messageBytesMax);
    this.remote = remote;
    this.tls = tls;
    this.request = request;
    this.#socket = socket;
    this.#stream = stream;
    this.#handlers = handlers;
    this.#ws = ws;
    this.#check = new MessageCheck(speech, firstByte);
    this.#writer = new MessageWriter(ws, request === undefined);
    if (tls !== undefined) this.#rawBytesHeard = stream.rawOf(socket).bytesRead;
    const wired: WiredWebSocket = ws;
    wired[TRANSPORT] = this;
    wired.on("message", onMessage).on("ping", onPing).on("close", onWsClose).on("error", onWsError);
    const wiredSocket: WiredSocket = socket;
    wiredSocket[TRANSPORT] = this;
    wiredSocket.on("data", onData).on("drain", onDrain).on("end", onEnd);
    wiredSocket.on("error", onError).on("_tlsError", onError); // After a handshake some are that.
  }

  get unsentBytes(): number {
    return this.#waitingBytes + (this.#rest?.length ?? 0);
  }

  get keptBytes(): number {
    return this.#isDone ? 0 : this.#meter.memoryBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isDone || this.#ws.readyState !== OPEN) return false;
    assert(this.#phase === "open", "nothing is written after finish");
    assert(this.unsentBytes === 0, "nothing is written between a refused write and onDrained");
    if (bytes.length === 0) return true;
    this.#rest = bytes;
    this.#wasRefused = false;
    return this.#pushRest();
  }

  finish(word?: LastWord): void {
    if (this.#phase !== "open") return;
    this.#word = word;
    if (this.unsentBytes > 0) this.#phase = "finishing";
    else this.#sayClose();
  }

  reset(): boolean {
    const { canReset } = this.#stream;
    if (this.#phase === "reset" || this.#phase === "closed") return canReset;
    this.#leave();
    resetSocket(this.#socket, this.#stream);
    return canReset;
  }

  close(): void {
    if (this.#phase === "reset" || this.#phase === "closed") return;
    this.#leave();
    this.#socket.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#ws.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#unread === undefined) this.#ws.resume();
    else queueMicrotask(() => this.#readUnread());
  }

  readUnacked(answer: UnackedAnswer): void {
    if (this.#isDone) queueMicrotask(() => answer(undefined, false));
    else {
      const raw = this.#stream.rawOf(this.#socket);
      this.#stream.readUnacked(raw, (unackedBytes, windowIsShut) => {
        this.#tellHeard(raw);
        answer(unackedBytes, windowIsShut);
      });
    }
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#stream.kernelOptions;
  }

  handleMessage(data: Uint8Array, isBinary: boolean): void {
    if (this.#isDone) return;
    this.#hasTold = true;
    const isEmptyBinary = isBinary && data.length === 0; // It says nothing, and decides nothing.
    if (isEmptyBinary) return this.#handlers.onHeard?.(this.#meter.heldBytes);
    const fault = this.#check.faultOf(data, isBinary);
    if (fault !== undefined) return this.#fail(fault);
    const bytes = readMessage(data, isBinary);
    if (this.#isPaused || this.#unread !== undefined) (this.#unread ??= []).push(bytes);
    else this.#tellBytes(bytes);
  }

  /** After `ws` has seen the same chunk. */
  handleChunk(chunk: Uint8Array): void {
    if (this.#isDone) return;
    if (this.tls !== undefined) {
      this.#rawBytesHeard = this.#stream.rawOf(this.#socket).bytesRead;
    }
    this.#fault ??= endIfGrown(this.#socket, this.#stream);
    this.#meter.push(chunk);
    const { heldBytes } = this.#meter;
    if (this.#meter.isTooMuch) return this.#failAtOnce();
    const hasTold = this.#hasTold && heldBytes === this.#toldHeldBytes;
    this.#hasTold = false;
    if (hasTold) return;
    this.#toldHeldBytes = heldBytes;
    this.#handlers.onHeard?.(heldBytes);
  }

  handlePing(payload: Uint8Array): void {
    if (this.#isDone) return;
    this.#hasTold = true;
    const mayAnswer = this.#handlers.onNativePing?.() ?? true;
    if (!mayAnswer || this.#phase !== "open") return;
    // RFC 6455 section 5.5.3: whoever is behind with its answers answers the latest only.
    if (this.#socket.writableLength > 0) this.#owedPong = payload.slice();
    else if (this.#ws.readyState === OPEN) this.#ws.pong(payload);
  }

  handleDrain(): void {
    if (this.#isDone) return;
    this.#waitingBytes = 0;
    if (this.#owedPong !== undefined && this.#ws.readyState === OPEN) {
      this.#ws.pong(this.#owedPong);
      this.#owedPong = undefined;
    }
    if (this.#rest !== undefined && !this.#pushRest()) return;
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    if (this.#phase === "finishing") this.#sayClose();
    this.#handlers.onDrained(this.#wasRefused);
  }

  /** The stream ended without a close frame, or after one: `ws` has seen it first. */
  handleEnd(): void {
    if (this.#isDone) return;
    // Nobody is there to whom what still waits would be of use, and it might wait for ever.
    if (this.unsentBytes > 0) this.#socket.destroy();
  }

  handleWsError(error: Error): void {
    if (this.#isDone) return;
    const systemCode = "code" in error ? error.code : "";
    const isTooLong = systemCode === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" && this.#meter.isText;
    const code = isTooLong ? "LINE_TOO_LONG" : "WEBSOCKET_INVALID";
    this.#phase = "failed"; // `ws` has said goodbye already, with the code that fits.
    this.#fault ??= new HoldfastError(code, error.message, { cause: error });
  }

  handleError(error: Error): void {
    if (!this.#isDone) this.#fault ??= this.#stream.faultOf?.(this.#socket, error) ?? error;
  }

  handleClose(close: Close): void {
    if (this.#phase === "closed") return;
    if (this.#unread !== undefined && this.#isPaused && this.#phase !== "reset") {
      this.#heldClose = close;
      return;
    }
    this.#readUnread();
    this.#tellClose(close);
  }

  /** Half a record of TLS is a sign of life, too, and nobody else sees it. */
  #tellHeard({ bytesRead }: Socket): void {
    if (this.tls === undefined || this.#isDone || bytesRead <= this.#rawBytesHeard) return;
    this.#rawBytesHeard = bytesRead;
    this.#handlers.onHeard?.(this.#meter.heldBytes);
  }

  get #isDone(): boolean {
    return this.#phase === "failed" || this.#phase === "reset" || this.#phase === "closed";
  }

  #fail({ code, close, detail }: MessageFault): void {
    this.#phase = "failed";
    this.#fault = new HoldfastError(code, detail);
    this.#drop();
    this.#ws.close(close, closeReason({ code, reason: detail }));
  }

  /** While `ws` waits for an answer to the close frame it would keep what it has, and add to it. */
  #failAtOnce(): void {
    this.#fail({ code: "WEBSOCKET_INVALID", close: POLICY, detail: this.#meter.inWords });
    this.#socket.destroySoon();
  }

  #tellBytes(bytes: Uint8Array): void {
    this.#handlers.onBytes(bytes);
    if (this.#stream.overwriteAfterRead) bytes.fill(0xdd);
  }

  #readUnread(): void {
    while (this.#unread !== undefined && !this.#isPaused && !this.#isDone) {
      const bytes = this.#unread.shift();
      if (this.#unread.length === 0) this.#unread = undefined;
      if (bytes !== undefined) this.#tellBytes(bytes);
    }
    if (this.#isPaused || this.#unread !== undefined) return;
    if (this.#heldClose !== undefined) this.#tellClose(this.#heldClose);
    else if (!this.#isDone) this.#ws.resume();
  }

  #tellClose({ code, reason }: Close): void {
    const isOurs = this.#phase === "reset";
    const wasSaid = !isOurs && this.#phase !== "failed" && code !== NO_CLOSE_FRAME;
    const fault = isOurs || wasSaid ? undefined : this.#fault;
    this.#heldClose = undefined;
    if (wasSaid) this.#handlers.onFinished({ code: String(code), reason });
    if (this.#phase === "closed") return;
    this.#drop();
    this.#phase = "closed";
    this.#handlers.onClosed(fault);
  }

  /** True when the kernel has taken all of the rest. */
  #pushRest(): boolean {
    while (this.#rest !== undefined) {
      // Only of one slice at a time it can be told what became of it. "drain" follows.
      if (this.#socket.writableLength > 0) break;
      const slice =
        this.#rest.length > SLICE_BYTES ? this.#rest.subarray(0, SLICE_BYTES) : this.#rest;
      this.#rest = slice === this.#rest ? undefined : this.#rest.subarray(SLICE_BYTES);
      this.#socket.cork(); // Several messages, each with its header, in one system call.
      this.#stream.beforeWrite?.(this.#socket);
      const wireBytes = this.#writer.write(
        slice,
        this.#rest === undefined,
        this.#check.speech ?? "binary",
      );
      this.#socket.uncork();
      const state = this.#stream.outputAfter(this.#socket, wireBytes);
      if (state === "taken") continue;
      if (state === "refused") this.#wasRefused = true;
      this.#waitingBytes = slice.length;
      break;
    }
    const isTaken = this.unsentBytes === 0;
    if (!isTaken) this.#owesDrained = true;
    return isTaken;
  }

  #sayClose(): void {
    this.#phase = "finished";
    const word = this.#word ?? { code: "CLOSED_BY_PEER", reason: "" };
    this.#ws.close(closeCode(word.code), closeReason(word));
  }

  #leave(): void {
    this.#phase = "reset";
    this.#drop();
    // The socket may be gone already, with its end still to be told.
    if (this.#heldClose === undefined) return;
    const close = this.#heldClose;
    queueMicrotask(() => this.#tellClose(close));
  }

  #drop(): void {
    this.#rest = undefined;
    this.#waitingBytes = 0;
    this.#unread = undefined;
    this.#owedPong = undefined;
  }
}

function onMessage(this: WiredWebSocket, data: Uint8Array, isBinary: boolean): void {
  this[TRANSPORT]?.handleMessage(data, isBinary);
}

function onPing(this: WiredWebSocket, payload: Uint8Array): void {
  this[TRANSPORT]?.handlePing(payload);
}

function onWsError(this: WiredWebSocket, error: Error): void {
  this[TRANSPORT]?.handleWsError(error);
}

function onWsClose(this: WiredWebSocket, code: number, reason: Uint8Array): void {
  this[TRANSPORT]?.handleClose({ code, reason: new TextDecoder().decode(reason) });
}

function onData(this: WiredSocket, chunk: Uint8Array): void {
  this[TRANSPORT]?.handleChunk(chunk);
}

function onDrain(this: WiredSocket): void {
  this[TRANSPORT]?.handleDrain();
}

function onEnd(this: WiredSocket): void {
  this[TRANSPORT]?.handleEnd();
}

function onError(this: WiredSocket, error: Error): void {
  this[TRANSPORT]?.handleError(error);
}
