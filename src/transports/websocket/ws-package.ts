/**
 * What is used of the package `ws`, in types of our own, so that its types are not part of ours.
 *
 * It is loaded only where WebSockets are listened for or dialled: it costs some megabytes.
 */
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { dirname, isAbsolute, join } from "node:path";

/** `readyState` of a WebSocket that messages may be sent by. */
export const OPEN = 1;

/** The events of an open WebSocket. */
export interface WsEvents {
  handleMessage(data: Uint8Array, isBinary: boolean): void;
  handlePing(payload: Uint8Array): void;
  handleWsClose(code: number, reason: Uint8Array): void;
  handleWsError(error: Error): void;
}

/** A WebSocket of `ws`, open or about to be. */
interface BareSocket {
  /** 0: connecting, 1: open, 2: closing, 3: closed. */
  readonly readyState: number;
  readonly protocol: string;
  send(data: Uint8Array, options: { readonly binary: boolean; readonly fin: boolean }): void;
  pong(data: Uint8Array): void;
  close(code: number, reason: string): void;
  pause(): void;
  resume(): void;
  emit(name: string, first?: unknown, second?: unknown): boolean;
  on(name: "error", listener: (this: WsSocket, error: Error) => void): this;
  on(name: "open", listener: (this: WsSocket) => void): this;
  on(name: "upgrade", listener: (this: WsSocket, response: IncomingMessage) => void): this;
  on(
    name: "unexpected-response",
    listener: (this: WsSocket, request: unknown, response: IncomingMessage) => void,
  ): this;
}

export interface WsSocket extends BareSocket {
  /** Whom an open one tells; until it is set listeners are told. */
  wiredTo: WsEvents | undefined;
}

export interface WsServer {
  handleUpgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Uint8Array,
    done: (webSocket: WsSocket) => void,
  ): void;
}

/** What both sides are made with. */
export interface WsLimits {
  readonly perMessageDeflate: false;
  readonly autoPong: false;
  readonly maxPayload: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  readonly skipUTF8Validation: false;
  readonly closeTimeout: number;
}

export interface WsPackage {
  readonly WebSocket: new (
    url: string,
    protocols: readonly string[],
    options: WsLimits & {
      readonly createConnection: () => Socket;
      readonly headers: Readonly<Record<string, string>>;
      readonly origin?: string;
      readonly followRedirects: false;
    },
  ) => WsSocket;
  readonly WebSocketServer: new (
    options: WsLimits & {
      readonly WebSocket: WsPackage["WebSocket"];
      readonly noServer: true;
      readonly clientTracking: false;
      readonly handleProtocols: (offered: ReadonlySet<string>) => string | false;
    },
  ) => WsServer;
}

/**
 * How long the other side may take to answer a close frame; the owner of the pipe is mostly quicker
 * to give it up. The timer ends with the socket.
 */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Pieces that `ws` keeps of one message, and reads that it keeps of one frame. A segment of TCP has
 * some hundred bytes at the least, so this is far above what an honest peer needs, and each piece
 * costs more memory than it has bytes.
 */
const PIECES_MAX = 16 * 1024;

export function wsLimits(messageBytesMax: number): WsLimits {
  return {
    perMessageDeflate: false,
    autoPong: false, // A pong that the kernel does not take would be queued without end.
    maxPayload: messageBytesMax,
    maxFragments: PIECES_MAX,
    maxBufferedChunks: PIECES_MAX,
    skipUTF8Validation: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
}

let loading: Promise<WsPackage> | undefined;

/** The same for all: what is made of it is made once. */
export function loadWs(): Promise<WsPackage> {
  loading ??= load();
  return loading;
}

async function load(): Promise<WsPackage> {
  const path = installedPath();
  const found: unknown = path === undefined ? await import("ws") : await import(path);
  const { WebSocket, WebSocketServer } = found as Unwired;
  return { WebSocket: wiredOf(WebSocket), WebSocketServer };
}

interface Unwired extends Omit<WsPackage, "WebSocket"> {
  readonly WebSocket: new (...made: ConstructorParameters<WsPackage["WebSocket"]>) => BareSocket;
}

/**
 * The class that `ws` makes instead of its own, which it documents. Each of four listeners would
 * cost a connection memory, and each event a search for them.
 */
function wiredOf(WebSocket: Unwired["WebSocket"]): WsPackage["WebSocket"] {
  return class extends WebSocket {
    wiredTo: WsEvents | undefined = undefined;

    override emit(name: string, first?: unknown, second?: unknown): boolean {
      const to = this.wiredTo;
      if (to === undefined) return super.emit(name, first, second);
      if (name === "ping") to.handlePing(first as Uint8Array);
      else if (name === "message") to.handleMessage(first as Uint8Array, second as boolean);
      else if (name === "close") to.handleWsClose(first as number, second as Uint8Array);
      else if (name === "error") to.handleWsError(first as Error);
      return true;
    }
  };
}

/**
 * Where the package lies, if a runtime gives something else to those who import its name. Bun has
 * an imitation, which judges the answer to an upgrade before anybody else has seen it.
 */
function installedPath(): string | undefined {
  const { resolve } = createRequire(import.meta.url);
  try {
    if (isAbsolute(resolve("ws"))) return undefined;
    return join(dirname(resolve("ws/package.json")), "wrapper.mjs");
  } catch {
    return undefined; // It lies nowhere: whoever packed this up has packed it up, too.
  }
}
