/**
 * The WebSocket of a browser over a simulated TCP connection, as far as a page can tell.
 *
 * There is no WebSocket in this network, so what a page sends goes into the stream as it is, and
 * the stream is cut into what servers send as messages: whole frames, or a line each. Where a close
 * frame would stand, END does. What a page cannot do is what matters: it hears whole messages only,
 * and all that come, sees of the kernel nothing but `bufferedAmount`, and has no reset. `close`
 * writes what waits, then FIN; after that the page hears no message, and the browser waits for the
 * other side for a while.
 */
import { type Cancel, type Clock, later } from "../base/time.ts";
import type { CloseLike, WebSocketLike } from "../page/web-socket-like.ts";
import type { Open, Transport, TransportHandlers } from "../transports/transport.ts";
import { FRAME_TYPE } from "../wire/frame-types.ts";
import { readVarint, varintLength } from "../wire/varint.ts";
import type { SimTransport } from "./sim-transport.ts";

/** What the program around a page, its browser, is told beside the page. */
export interface BrowserWatch {
  /** The pipe is there; the page is told next. */
  onOpened(socket: SimWebSocket): void;
  onSend(data: string | Uint8Array): void;
  /** A whole message is handed to the page. */
  onHand(bytes: number): void;
  /** The page said that it is through with it. */
  onClosing(socket: SimWebSocket): void;
}

/** How long browsers wait for the other side to close, too (Chromium: kClosingHandshakeTimeout). */
export const BROWSER_CLOSE_MS = 60_000;

const PREFACE_BYTES = 4;
/** A server's message is whole frames, of which the last may be as long as frames are. */
const MESSAGE_BYTES_MAX = 64 * 1024 + 4;
const LF = 0x0a;
const CLEAN = 1000;
const NO_CLOSE_FRAME = 1006;

export class SimWebSocket implements WebSocketLike, TransportHandlers {
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: CloseLike) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly #isBinary: boolean;
  readonly #clock: Pick<Clock, "now" | "wakeAt">;
  readonly #watch: BrowserWatch;
  readonly #cancelDial: Cancel;
  #cancelWait: Cancel = () => {};
  #transport: Transport | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isRefused = false;
  #received: Uint8Array = new Uint8Array(0);
  #isBegun = false;
  #hasHeardEnd = false;
  #isClosing = false;
  #isOver = false;

  constructor(
    open: Open,
    isBinary: boolean,
    clock: Pick<Clock, "now" | "wakeAt">,
    watch: BrowserWatch,
  ) {
    this.#isBinary = isBinary;
    this.#clock = clock;
    this.#watch = watch;
    this.#cancelDial = open({
      onOpened: (attach) => {
        if (this.#isClosing) return;
        this.#transport = attach(this);
        watch.onOpened(this);
        this.onopen?.(undefined as never);
      },
      onFailed: () => this.#tellClose(NO_CLOSE_FRAME),
    });
  }

  /** The number of its TCP connection; undefined while it is dialled. */
  get flow(): number | undefined {
    return (this.#transport as SimTransport | undefined)?.flow;
  }

  /** Whether the page still has it: it did not close it, or waits for what comes of that. */
  get isOfPage(): boolean {
    return !this.#isOver && (!this.#isClosing || this.onclose !== null);
  }

  get bufferedAmount(): number {
    return this.#waitingBytes + (this.#transport?.unsentBytes ?? 0);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#isClosing || this.#isOver) return;
    const bytes = typeof data === "string" ? new TextEncoder().encode(`${data}\n`) : data.slice();
    this.#watch.onSend(data);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  close(): void {
    if (this.#isClosing || this.#isOver) return;
    this.#isClosing = true;
    if (this.#transport === undefined) return this.#cancelDial();
    this.#watch.onClosing(this);
    const at = later(this.#clock.now(), BROWSER_CLOSE_MS);
    this.#cancelWait = this.#clock.wakeAt(at, () => this.#transport?.close());
    this.#flush();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isClosing) return;
    const whole = new Uint8Array(this.#received.length + bytes.length);
    whole.set(this.#received);
    whole.set(bytes, this.#received.length);
    const units = this.#isBinary ? this.#framesIn(whole) : linesIn(whole);
    let from = 0;
    for (const to of units) {
      const unit = whole.slice(from, to);
      from = to;
      const isLine = !this.#isBinary;
      // The page may close it by what it hears, and hears no more then.
      if (this.#isClosing) return;
      const data = isLine ? new TextDecoder().decode(unit.subarray(0, -1)) : unit.buffer;
      this.#watch.onHand(unit.length);
      this.onmessage?.({ data });
    }
    this.#received = whole.slice(from);
  }

  onDrained(): void {
    this.#isRefused = false;
    this.#flush();
  }

  /** The other side has closed: so does a browser, at once. */
  onFinished(): void {
    this.#transport?.close();
    // Without END, where frames are spoken, nobody can have said that this was meant.
    const wasMeant = !this.#isBinary || this.#hasHeardEnd || this.#isClosing;
    this.#tellClose(wasMeant ? CLEAN : NO_CLOSE_FRAME);
  }

  onClosed(): void {
    this.#tellClose(NO_CLOSE_FRAME);
  }

  #flush(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    while (!this.#isRefused) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.#waitingBytes -= bytes.length;
      this.#isRefused = !transport.write(bytes);
    }
    if (this.#isClosing && this.#waiting.length === 0) transport.finish();
  }

  #tellClose(code: number): void {
    this.#cancelWait();
    if (this.#isOver) return;
    this.#isOver = true;
    this.onclose?.({ code, reason: "" });
  }

  /** Where messages of whole frames end. */
  #framesIn(bytes: Uint8Array): readonly number[] {
    const ends: number[] = [];
    let from = 0;
    let at = this.#isBegun ? 0 : PREFACE_BYTES;
    for (; at <= bytes.length; this.#isBegun = true) {
      const length = readVarint(bytes, at + 1, bytes.length);
      const end = at + 1 + varintLength(Math.max(0, length)) + length;
      if (length < 0 || end > bytes.length) break;
      if (bytes[at] === FRAME_TYPE.end) this.#hasHeardEnd = true;
      if (at > from && end - from > MESSAGE_BYTES_MAX) {
        ends.push(at);
        from = at;
      }
      at = end;
    }
    return at > from && this.#isBegun ? [...ends, at] : ends;
  }
}

/** Where lines end, their line feed included. */
function linesIn(bytes: Uint8Array): readonly number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) ends.push(at + 1);
  return ends;
}
