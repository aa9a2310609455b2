/**
 * The outgoing half of a WebSocket. Made when there is something to send or to remember: whoever
 * says nothing but pings has none.
 *
 * Easy to break: of everything that was written only one slice at a time is with the socket, as in
 * stream-transport.ts, or nobody knows what the kernel has taken; and pongs never pile up behind
 * it: whoever is behind answers the latest ping only (RFC 6455 section 5.5.3).
 */
import type { Socket } from "node:net";
import type { StreamFacts } from "../stream-facts.ts";
import type { LastWord } from "../transport.ts";
import { MessageWriter, type Speech } from "./message-writer.ts";
import { OPEN, type WsSocket } from "./ws-package.ts";

/** The step in which `unsentBytes` falls. */
const SLICE_BYTES = 64 * 1024;

/** A whole frame: what `ws` writes for a pong of a server to a ping without a payload. */
const EMPTY_PONG: Uint8Array = Buffer.from([0x8a, 0]);

/** Answers a ping at once. Nothing waits in `socket`. */
export function pong(ws: WsSocket, socket: Socket, payload: Uint8Array, isClient: boolean): void {
  if (isClient || payload.length > 0) ws.pong(payload);
  else socket.write(EMPTY_PONG);
}

export class WebSocketOutput {
  /** Said in the close frame, once all is written. */
  word: LastWord | undefined;
  readonly #ws: WsSocket;
  readonly #socket: Socket;
  readonly #stream: StreamFacts;
  readonly #isClient: boolean;
  readonly #writer: MessageWriter;
  /** What `write` was given and is not yet handed to the socket. */
  #rest: Uint8Array | undefined;
  #speech: Speech = "binary";
  #waitingBytes = 0;
  #wasRefused = false;
  /** A write was refused, and nobody was told yet that it is through. */
  #owesDrained = false;
  /** The payload of the latest ping that is to be answered once there is room. */
  #owedPong: Uint8Array | undefined;

  constructor(ws: WsSocket, socket: Socket, stream: StreamFacts, isClient: boolean) {
    this.#ws = ws;
    this.#socket = socket;
    this.#stream = stream;
    this.#isClient = isClient;
    this.#writer = new MessageWriter(ws, isClient);
  }

  get unsentBytes(): number {
    return this.#waitingBytes + (this.#rest?.length ?? 0);
  }

  /** Whether "drain" has to be heard. */
  get awaitsDrain(): boolean {
    return this.#owesDrained || this.#owedPong !== undefined;
  }

  /** True when the kernel has taken all. Nothing waits before. */
  write(bytes: Uint8Array, speech: Speech): boolean {
    this.#rest = bytes;
    this.#speech = speech;
    this.#wasRefused = false;
    return this.#pushRest();
  }

  /** Answers a ping once there is room. */
  owePong(payload: Uint8Array): void {
    this.#owedPong = payload.slice();
  }

  /**
   * The socket has taken what it had. Undefined: there is nothing to tell; else all is written, and
   * it says whether the kernel had refused a part.
   */
  handleDrain(): boolean | undefined {
    this.#waitingBytes = 0;
    if (this.#owedPong !== undefined && this.#ws.readyState === OPEN) {
      pong(this.#ws, this.#socket, this.#owedPong, this.#isClient);
      this.#owedPong = undefined;
    }
    if (this.#rest !== undefined && !this.#pushRest()) return undefined;
    if (!this.#owesDrained) return undefined;
    this.#owesDrained = false;
    return this.#wasRefused;
  }

  drop(): void {
    this.#rest = undefined;
    this.#waitingBytes = 0;
    this.#owedPong = undefined;
  }

  #pushRest(): boolean {
    while (this.#rest !== undefined) {
      // Only of one slice at a time it can be told what became of it. "drain" follows.
      if (this.#socket.writableLength > 0) break;
      const slice =
        this.#rest.length > SLICE_BYTES ? this.#rest.subarray(0, SLICE_BYTES) : this.#rest;
      this.#rest = slice === this.#rest ? undefined : this.#rest.subarray(SLICE_BYTES);
      this.#socket.cork(); // Several messages, each with its header, in one system call.
      this.#stream.beforeWrite?.(this.#socket);
      const wireBytes = this.#writer.write(slice, this.#rest === undefined, this.#speech);
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
}
