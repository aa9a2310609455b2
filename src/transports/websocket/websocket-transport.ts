/**
 * An upgraded WebSocket (RFC 6455) as a Transport. `ws` decodes and encodes; what is read, what is
 * written and when, is decided here.
 *
 * Binary messages are bytes of the stream, as they come. A text message is one line. There may be a
 * hundred thousand of these, each of which says a ping a minute, so what is needed only while
 * something is under way exists only then: a meter, an output, a listener. Easy to break:
 *
 * - `ws` reads on through the chunk at hand when it is told to pause, so messages wait here then.
 * - There is no half a close: after either close frame both directions are done.
 * - The end is told when the socket is gone. Until then somebody who broke the protocol counts as
 *   here, for as long as `ws` waits for the answer to our close frame.
 */
import type { Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import { HoldfastError } from "../../base/errors.ts";
import { holdRead, letRead } from "../held-read.ts";
import { resetSocket } from "../socket-reset.ts";
import { endIfGrown, type StreamFacts } from "../stream-facts.ts";
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
import { type Close, closeCode, closeReason, NO_CLOSE_FRAME, POLICY } from "./close-word.ts";
import { FrameMeter, isWholeFrame } from "./frame-meter.ts";
import { MessageCheck, type MessageFault } from "./message-check.ts";
import { readMessage } from "./message-reader.ts";
import { type Feed, isEmptyPing, NO_PAYLOAD, takeFeed } from "./websocket-feed.ts";
import type { WebSocketFacts, WebSocketTerms } from "./websocket-facts.ts";
import { pong, WebSocketOutput } from "./websocket-output.ts";
import { OPEN, type WsEvents, type WsSocket } from "./ws-package.ts";

/**
 * open -> finishing (bytes first, then the close frame) -> finished (it is out) -> closed. Failed:
 * the peer broke a rule; only the end of the socket is awaited.
 */
type Phase = "open" | "finishing" | "finished" | "failed" | "reset" | "closed";

const TRANSPORT: unique symbol = Symbol("holdfast.websocket");

interface WiredSocket extends Socket {
  [TRANSPORT]?: WebSocketTransport;
}

export class WebSocketTransport implements Transport, WsEvents {
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
  readonly request: UpgradeRequest | undefined;
  readonly #terms: WebSocketTerms;
  readonly #socket: Socket;
  readonly #stream: StreamFacts;
  readonly #handlers: TransportHandlers;
  readonly #ws: WsSocket;
  /** Gives `ws` what was read; undefined where it takes that by itself, or no more of it. */
  #feed: Feed | undefined;
  #phase: Phase = "open";
  #fault: Error | undefined;
  #output: WebSocketOutput | undefined;
  /** Only while something is not complete. */
  #meter: FrameMeter | undefined;
  /** Undefined until the peer has sent a message. */
  #check: MessageCheck | undefined;
  #isPaused = false;
  /** Messages that `ws` had read already when it was paused. */
  #unread: Uint8Array[] | undefined;
  /** The end, which waits for those to be read. */
  #heldClose: Close | undefined;
  /** The chunk at hand has told something, which is a sign of life already. */
  #hasTold = false;
  /** The message that is not complete, or was the last such, is text. */
  #isText = false;
  /** Under TLS: what the raw socket had read when we last told of a sign of life. */
  #rawBytesHeard = 0;

  constructor(ws: WsSocket, facts: WebSocketFacts, handlers: TransportHandlers) {
    const { terms, socket, stream, remote, tls, request } = facts;
    this.remote = remote;
    this.tls = tls;
    this.request = request;
    this.#terms = terms;
    this.#socket = socket;
    this.#stream = stream;
    this.#handlers = handlers;
    this.#ws = ws;
    ws.wiredTo = this;
    const wired: WiredSocket = socket;
    wired[TRANSPORT] = this;
    this.#feed = takeFeed(socket);
    wired.on("data", onData);
    if (tls === undefined) return; // A socket of its own remembers why it ended.
    this.#rawBytesHeard = stream.rawOf(socket).bytesRead;
    wired.on("error", onError).on("_tlsError", onError); // After a handshake some are that.
  }

  get kind(): "websocket" {
    return "websocket";
  }

  get isPreparing(): false {
    return false;
  }

  get unsentBytes(): number {
    return this.#output?.unsentBytes ?? 0;
  }

  get keptBytes(): number {
    return this.#isDone ? 0 : (this.#meter?.memoryBytes ?? 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isDone || this.#ws.readyState !== OPEN) return false;
    assert(this.#phase === "open", "nothing is written after finish");
    assert(this.unsentBytes === 0, "nothing is written between a refused write and onDrained");
    if (bytes.length === 0) return true;
    const output = this.#out();
    const isTaken = output.write(bytes, this.#check?.speech ?? this.#terms.speech ?? "binary");
    if (!isTaken) this.#awaitDrain();
    return isTaken;
  }

  finish(word?: LastWord): void {
    if (this.#phase !== "open") return;
    if (this.#output === undefined || this.unsentBytes === 0) {
      this.#sayClose(word);
      return;
    }
    this.#phase = "finishing";
    this.#output.word = word;
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

  putOff(): boolean {
    if (this.#isDone) return false;
    if (this.tls !== undefined || !holdRead(this.#socket)) this.pause();
    return true;
  }

  takeUp(): void {
    this.resume();
    if (!this.#isDone && this.tls === undefined) letRead(this.#socket);
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
    if (isEmptyBinary) return this.#handlers.onHeard?.(this.#heldBytes);
    this.#check ??= new MessageCheck(this.#terms.speech, this.#terms.firstByte);
    const fault = this.#check.faultOf(data, isBinary);
    if (fault !== undefined) return this.#fail(fault);
    const bytes = readMessage(data, isBinary);
    if (this.#isPaused || this.#unread !== undefined) (this.#unread ??= []).push(bytes);
    else this.#tellBytes(bytes);
  }

  handleChunk(chunk: Uint8Array): void {
    if (isEmptyPing(chunk) && this.#takesPings) this.handlePing(NO_PAYLOAD);
    else if (!this.#socket.destroyed) this.#feed?.call(this.#socket, chunk);
    this.#afterChunk(chunk);
  }

  #afterChunk(chunk: Uint8Array): void {
    if (this.#isDone) return;
    if (this.tls !== undefined) {
      this.#rawBytesHeard = this.#stream.rawOf(this.#socket).bytesRead;
    }
    this.#fault ??= endIfGrown(this.#socket, this.#stream);
    const toldHeldBytes = this.#heldBytes;
    if (this.#meter !== undefined || !isWholeFrame(chunk)) this.#measure(chunk);
    if (this.#meter?.isTooMuch === true) return this.#failAtOnce(this.#meter.inWords);
    const hasTold = this.#hasTold && this.#heldBytes === toldHeldBytes;
    this.#hasTold = false;
    if (!hasTold) this.#handlers.onHeard?.(this.#heldBytes);
  }

  handlePing(payload: Uint8Array): void {
    if (this.#isDone) return;
    this.#hasTold = true;
    const mayAnswer = this.#handlers.onNativePing?.() ?? true;
    if (!mayAnswer || this.#phase !== "open") return;
    if (this.#socket.writableLength > 0) {
      this.#out().owePong(payload);
      this.#awaitDrain();
    } else if (this.#ws.readyState === OPEN) {
      pong(this.#ws, this.#socket, payload, this.#terms.isClient);
    }
  }

  handleDrain(): void {
    const output = this.#output;
    if (output === undefined || this.#isDone) return;
    const wasRefused = output.handleDrain();
    if (!output.awaitsDrain) this.#socket.off("drain", onDrain).off("end", onEnd);
    if (wasRefused === undefined) return;
    if (this.#phase === "finishing") this.#sayClose(output.word);
    this.#handlers.onDrained(wasRefused);
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
    const isTooLong = systemCode === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" && this.#isText;
    const code = isTooLong ? "LINE_TOO_LONG" : "WEBSOCKET_INVALID";
    this.#feed = undefined;
    this.#phase = "failed"; // `ws` has said goodbye already, with the code that fits.
    this.#fault ??= new HoldfastError(code, error.message, { cause: error });
  }

  handleError(error: Error): void {
    if (!this.#isDone) this.#fault ??= this.#stream.faultOf?.(this.#socket, error) ?? error;
  }

  handleWsClose(code: number, reason: Uint8Array): void {
    if (this.#phase === "closed") return;
    const close = { code, reason: new TextDecoder().decode(reason) };
    if (this.#unread !== undefined && this.#isPaused && this.#phase !== "reset") {
      this.#heldClose = close;
      return;
    }
    this.#readUnread();
    this.#tellClose(close);
  }

  /** Without `ws`: nothing is half read, or waits, and nobody takes leave. */
  get #takesPings(): boolean {
    if (this.#feed === undefined || this.#terms.isClient || this.#isPaused) return false;
    if (this.#meter !== undefined || this.#unread !== undefined) return false;
    return this.#phase === "open" && this.#ws.readyState === OPEN;
  }

  /** Half a record of TLS is a sign of life, too, and nobody else sees it. */
  #tellHeard({ bytesRead }: Socket): void {
    if (this.tls === undefined || this.#isDone || bytesRead <= this.#rawBytesHeard) return;
    this.#rawBytesHeard = bytesRead;
    this.#handlers.onHeard?.(this.#heldBytes);
  }

  /** Of a message, or a frame, that is not complete. */
  get #heldBytes(): number {
    return this.#meter?.heldBytes ?? 0;
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
  #failAtOnce(detail: string): void {
    this.#fail({ code: "WEBSOCKET_INVALID", close: POLICY, detail });
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
    const fault = isOurs || wasSaid ? undefined : (this.#fault ?? this.#faultOfSocket());
    this.#heldClose = undefined;
    if (wasSaid) this.#handlers.onFinished({ code: String(code), reason });
    if (this.#phase === "closed") return;
    this.#drop();
    this.#phase = "closed";
    this.#handlers.onClosed(fault);
  }

  #faultOfSocket(): Error | undefined {
    const { errored } = this.#socket;
    return errored === null
      ? undefined
      : (this.#stream.faultOf?.(this.#socket, errored) ?? errored);
  }

  #measure(chunk: Uint8Array): void {
    const meter = this.#meter ?? new FrameMeter(this.#terms.messageBytesMax);
    meter.push(chunk);
    this.#isText = meter.isText;
    this.#meter = meter.isAtRest ? undefined : meter;
  }

  #out(): WebSocketOutput {
    const { isClient } = this.#terms;
    this.#output ??= new WebSocketOutput(this.#ws, this.#socket, this.#stream, isClient);
    return this.#output;
  }

  #awaitDrain(): void {
    if (this.#socket.listeners("drain").includes(onDrain)) return;
    this.#socket.on("drain", onDrain).on("end", onEnd);
  }

  #sayClose(word: LastWord = { code: "CLOSED_BY_PEER", reason: "" }): void {
    this.#phase = "finished";
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
    this.#output?.drop();
    this.#unread = undefined;
  }
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
