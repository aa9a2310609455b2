/**
 * Dials a WebSocket over a socket of our own.
 *
 * The pipe is opened once the upgrade is granted; whatever goes wrong before that fails the dial.
 * Easy to break: `ws` refuses a server that grants none of the subprotocols offered to it, and one
 * that grants some when it offered none. Ours are offered and not demanded, so the header goes past
 * it in both directions.
 */
import type { IncomingMessage } from "node:http";
import { assert } from "../../base/assert.ts";
import { HoldfastError, isHoldfastError } from "../../base/errors.ts";
import type { DialledSocket, DialSocket } from "../dialled-socket.ts";
import { discard, ignore } from "../stream-transport.ts";
import type { Open, OpenHandlers, Transport } from "../transport.ts";
import type { Speech } from "./message-writer.ts";
import { brokenUpgrade, refusedUpgrade } from "./refused-upgrade.ts";
import { HOLDFAST_PROTOCOL } from "./subprotocol.ts";
import type { WebSocketClientConfig } from "./websocket-client-options.ts";
import { WebSocketTransport } from "./websocket-transport.ts";
import { messageBytesMax } from "./websocket-upgrade.ts";
import { loadWs, wsLimits, type WsPackage, type WsSocket } from "./ws-package.ts";

export interface OpenWebSocketConfig extends WebSocketClientConfig {
  /** The url without its secrets, for people. */
  readonly label: string;
  readonly secure: boolean;
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  readonly speech: Speech;
  /** The longest text message that is taken. */
  readonly textBytesMax: number;
  /** The byte with which binary messages have to begin the stream; undefined: any. */
  readonly firstByte: number | undefined;
  /** Opens the socket below, connected and with TLS agreed on where that is wanted. */
  readonly dial: DialSocket;
}

export function openWebSocket(config: OpenWebSocketConfig): Open {
  return (handlers) => {
    let isCancelled = false;
    let cancel = ignore;
    const begin = async (): Promise<void> => {
      const ws = await loadWs();
      if (isCancelled) return;
      cancel = config.dial({
        onSocket(dialled) {
          const asking = new Asking(config, dialled, handlers);
          cancel = () => asking.cancel();
          asking.start(ws);
        },
        onFailed: (error) => handlers.onFailed(error),
      });
    };
    begin().catch((error: unknown) => handlers.onFailed(asError(error)));
    return () => {
      isCancelled = true;
      cancel();
    };
  };
}

/** From the request to the answer. */
class Asking {
  readonly #config: OpenWebSocketConfig;
  readonly #dialled: DialledSocket;
  readonly #handlers: OpenHandlers;
  #isOver = false;

  constructor(config: OpenWebSocketConfig, dialled: DialledSocket, handlers: OpenHandlers) {
    this.#config = config;
    this.#dialled = dialled;
    this.#handlers = handlers;
  }

  /** Inside an event nobody else would catch what `ws` says of a request that it cannot make. */
  start(ws: WsPackage): void {
    this.#dialled.socket.on("error", ignore); // The request tells of it.
    try {
      this.#ask(ws);
    } catch (error) {
      this.#fail(brokenUpgrade(this.#config.label, asError(error)));
    }
  }

  #ask({ WebSocket }: WsPackage): void {
    const config = this.#config;
    const { socket } = this.#dialled;
    const offered = offeredBy(config);
    const ws = new WebSocket(urlOf(config), [], {
      ...wsLimits(messageBytesMax(config.textBytesMax)),
      createConnection: () => socket,
      followRedirects: false,
      headers: headersOf(config, offered),
      ...(config.origin === undefined ? {} : { origin: config.origin }),
    });
    ws.on("upgrade", (response) => this.#checkProtocol(response, offered));
    ws.on("unexpected-response", (_request, response) => this.#onRefused(response));
    ws.on("error", (error) => this.#fail(this.#faultOf(error)));
    ws.on("open", () => this.#onOpen(ws));
  }

  /** In TLS 1.3 a server complains about our certificate only now; that is no fault of HTTP. */
  #faultOf(error: Error): HoldfastError {
    const { socket, facts } = this.#dialled;
    const fault = facts.faultOf?.(socket, error);
    return isHoldfastError(fault) ? fault : brokenUpgrade(this.#config.label, error);
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialled.socket.destroy();
  }

  #onRefused(response: IncomingMessage): void {
    const { error, retryAfterMs } = refusedUpgrade(this.#config.label, response);
    this.#fail(error, retryAfterMs);
  }

  #checkProtocol({ headers }: IncomingMessage, offered: readonly string[]): void {
    const granted = headers["sec-websocket-protocol"];
    if (granted !== undefined && !offered.includes(granted)) {
      const words = `${this.#config.label} grants a subprotocol that was not offered`;
      this.#fail(new HoldfastError("UPGRADE_REFUSED", words));
    }
    delete headers["sec-websocket-protocol"];
  }

  #fail(error: HoldfastError, retryAfterMs?: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialled.socket.destroy();
    this.#handlers.onFailed(error, retryAfterMs);
  }

  #onOpen(ws: WsSocket): void {
    const { socket, facts: stream, remote, tls } = this.#dialled;
    if (this.#isOver) return;
    this.#isOver = true;
    const { speech, firstByte, textBytesMax } = this.#config;
    const terms = {
      isClient: true,
      speech,
      firstByte,
      messageBytesMax: messageBytesMax(textBytesMax),
    };
    const facts = { terms, socket, stream, remote, tls, request: undefined };
    let transport: Transport | undefined;
    let isReturned = false;
    this.#handlers.onOpened((to) => {
      assert(transport === undefined && !isReturned, "an opened pipe is attached once, at once");
      transport = new WebSocketTransport(ws, facts, to);
      return transport;
    });
    isReturned = true;
    if (transport === undefined) discard(stream.rawOf(socket), stream.canReset);
  }
}

function offeredBy({ speech, protocols }: OpenWebSocketConfig): readonly string[] {
  if (speech === "text" || protocols.includes(HOLDFAST_PROTOCOL)) return protocols;
  return [HOLDFAST_PROTOCOL, ...protocols];
}

function headersOf(
  { headers }: OpenWebSocketConfig,
  offered: readonly string[],
): Readonly<Record<string, string>> {
  if (offered.length === 0) return headers;
  return { ...headers, "Sec-WebSocket-Protocol": offered.join(", ") };
}

/** A zone such as `%eth0` names an interface of this host; a url cannot say it. */
function urlOf({ secure, host, port, path }: OpenWebSocketConfig): string {
  const name = host.includes(":") ? `[${host.replace(/%.*$/, "")}]` : host;
  return `${secure ? "wss" : "ws"}://${name}:${port}${path}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
