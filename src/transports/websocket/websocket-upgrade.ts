/**
 * Grants, or refuses, upgrades to a WebSocket on sockets that others accepted.
 *
 * One http.Server that never listens reads the requests of a listener; node:http documents that a
 * socket may be handed to it by its event "connection". Easy to break: such a server starts none of
 * its timers, so the deadline of a request is that of the connection's handshake; and each answer
 * ends its connection, since whatever came after the request would be read by nobody.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import type { Upgrade, UpgradeTaken } from "../stream-facts.ts";
import type { Transport } from "../transport.ts";
import {
  EXPECTATION,
  headersOf,
  type HttpAnswer,
  METHOD,
  NO_HTTP,
  ORIGIN,
  OTHER_UPGRADE,
  PAGE,
  PATH,
  TOO_LARGE,
  wireText,
} from "./http-answer.ts";
import { HttpTransport, httpTransportOf } from "./http-transport.ts";
import { BINARY_BYTES_MAX } from "./message-reader.ts";
import { mayConnect } from "./origin.ts";
import { pathOf, RequestReader } from "./request-facts.ts";
import { HOLDFAST_PROTOCOL } from "./subprotocol.ts";
import type { WebSocketTerms } from "./websocket-facts.ts";
import type { WebSocketServerConfig } from "./websocket-server-options.ts";
import { WebSocketTransport } from "./websocket-transport.ts";
import { loadWs, type WsServer, wsLimits, type WsSocket } from "./ws-package.ts";

export interface WebSocketUpgradeConfig extends WebSocketServerConfig {
  /** Whether nothing but WebSockets is served. */
  readonly isOnly: boolean;
  /** The longest text message; a line feed may follow it. */
  readonly textBytesMax: number;
  /** The byte with which binary messages have to begin the stream; undefined: any. */
  readonly firstByte: number | undefined;
}

/** What a request may say before its body; what browsers send is a tenth of it. */
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 100;

/** Longer than any line may be by this: the line feed that its sender may have added. */
const LINE_END_BYTES = 2;

export function messageBytesMax(textBytesMax: number): number {
  // So much that a line which is only a little too long is told so by whoever reads lines.
  return Math.max(BINARY_BYTES_MAX, textBytesMax + LINE_END_BYTES + 1);
}

/** Loads what it takes; nothing of it is loaded where no WebSocket is listened for. */
export async function webSocketUpgrade(config: WebSocketUpgradeConfig): Promise<Upgrade> {
  const [{ createServer }, { WebSocket, WebSocketServer }] = await Promise.all([
    import("node:http"),
    loadWs(),
  ]);
  // What node:http would answer by itself it would not tell us of, so that the end had no reason.
  const http = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: 0,
    requireHostHeader: false,
  });
  http.maxHeadersCount = HEADERS_MAX;
  const webSockets = new WebSocketServer({
    ...wsLimits(messageBytesMax(config.textBytesMax)),
    WebSocket,
    noServer: true,
    clientTracking: false,
    handleProtocols: (offered) => chooseProtocol(offered, config.protocols),
  });
  const gate = new Gate(config, webSockets);
  http.on("request", (request, response) => gate.onRequest(request, response));
  http.on("checkExpectation", (request) => gate.onExpectation(request));
  http.on("upgrade", (request, socket, head) => gate.onUpgrade(request, socket as Socket, head));
  http.on("connect", (_request, socket) => gate.onConnect(socket as Socket));
  http.on("clientError", (error, socket) => gate.onClientError(error, socket as Socket));
  return new HttpUpgrade(http, config.isOnly);
}

const GET: Uint8Array = new TextEncoder().encode("GET ");

class HttpUpgrade implements Upgrade {
  readonly isOnly: boolean;
  readonly #http: HttpServer;

  constructor(http: HttpServer, isOnly: boolean) {
    this.#http = http;
    this.isOnly = isOnly;
  }

  recognise(head: Uint8Array): "yes" | "no" | "more" {
    for (let at = 0; at < GET.length && at < head.length; at++) {
      if (head[at] !== GET[at]) return "no";
    }
    return head.length < GET.length ? "more" : "yes";
  }

  take(taken: UpgradeTaken): Transport {
    const { socket, head } = taken;
    const transport = new HttpTransport(taken);
    if (head.length > 0) socket.unshift(head);
    this.#http.emit("connection", socket);
    socket.resume();
    return transport;
  }
}

function chooseProtocol(offered: ReadonlySet<string>, further: readonly string[]): string | false {
  return [HOLDFAST_PROTOCOL, ...further].find((protocol) => offered.has(protocol)) ?? false;
}

/** Decides on requests. */
class Gate {
  readonly #config: WebSocketUpgradeConfig;
  readonly #terms: WebSocketTerms;
  readonly #webSockets: WsServer;
  readonly #requests = new RequestReader();

  constructor(config: WebSocketUpgradeConfig, webSockets: WsServer) {
    const { firstByte, textBytesMax } = config;
    this.#config = config;
    this.#terms = {
      isClient: false,
      speech: undefined,
      firstByte,
      messageBytesMax: messageBytesMax(textBytesMax),
    };
    this.#webSockets = webSockets;
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    const transport = httpTransportOf(request.socket);
    if (transport === undefined || transport.isAnswered) return;
    if (lacksHost(request)) return refuse(transport, "WRONG_DIALECT", NO_HTTP, NO_HOST);
    const answer = this.#pageFor(request);
    const words = `${request.method ?? ""} ${printablePathOf(request)}: ${answer.status}`;
    transport.answered("WRONG_DIALECT", `an HTTP request without an upgrade came (${words})`);
    response.writeHead(answer.status, headersOf(answer));
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  /** RFC 9110 section 10.1.1: anything but "100-continue". */
  onExpectation({ socket }: IncomingMessage): void {
    const transport = httpTransportOf(socket);
    if (transport === undefined || transport.isAnswered) return;
    refuse(transport, "WRONG_DIALECT", EXPECTATION, "an HTTP request expected what is not here");
  }

  onUpgrade(request: IncomingMessage, socket: Socket, head: Uint8Array): void {
    const transport = httpTransportOf(socket);
    if (transport === undefined || transport.isAnswered) return;
    const { origin, host, upgrade } = request.headers;
    if (lacksHost(request)) refuse(transport, "WRONG_DIALECT", NO_HTTP, NO_HOST);
    else if (upgrade?.toLowerCase() !== "websocket") {
      refuse(transport, "WRONG_DIALECT", OTHER_UPGRADE, "an upgrade to something else was wanted");
    } else if (!this.#isOurs(request)) {
      const words = `a WebSocket was wanted at ${printablePathOf(request)}, where there is none`;
      refuse(transport, "WRONG_DIALECT", PATH, words);
    } else if (!mayConnect(this.#config.origins, origin, host)) {
      const words = `pages of ${printable(origin ?? "")} are not let in by \`websocket.origins\``;
      refuse(transport, "UNAUTHORIZED", ORIGIN, words);
    } else {
      let isGranted = false;
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        isGranted = true;
        this.#grant(transport, webSocket, request);
      });
      // Otherwise `ws` has answered, and ends the socket.
      const words = "the request for an upgrade is not one of RFC 6455";
      if (!isGranted) transport.answered("WEBSOCKET_INVALID", words);
    }
  }

  onConnect(socket: Socket): void {
    const transport = httpTransportOf(socket);
    if (transport === undefined || transport.isAnswered) return;
    refuse(transport, "WRONG_DIALECT", METHOD, "an HTTP proxy was wanted");
  }

  onClientError(error: Error, socket: Socket): void {
    const transport = httpTransportOf(socket);
    if (transport === undefined || transport.isAnswered || !socket.writable) {
      socket.destroy();
      return;
    }
    const code = "code" in error ? String(error.code) : "";
    if (code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const answer = code === "HPE_HEADER_OVERFLOW" ? TOO_LARGE : NO_HTTP;
    refuse(transport, "WRONG_DIALECT", answer, `what came is no request of HTTP (${code})`);
  }

  #pageFor(request: IncomingMessage): HttpAnswer {
    if (request.method !== "GET" && request.method !== "HEAD") return METHOD;
    // Whoever only looks at the port is told what it is, wherever WebSockets are.
    return this.#isOurs(request) || printablePathOf(request) === "/" ? PAGE : PATH;
  }

  #isOurs(request: IncomingMessage): boolean {
    const { path } = this.#config;
    return path === undefined || targetPathOf(request) === path;
  }

  #grant(http: HttpTransport, webSocket: WsSocket, asked: IncomingMessage): void {
    http.giveUp();
    const { socket, stream, remote, tls, handlers } = http;
    const request = this.#requests.read(asked);
    const facts = { terms: this.#terms, socket, stream, remote, tls, request };
    const transport = new WebSocketTransport(webSocket, facts, handlers);
    handlers.onSwitched?.(transport);
    handlers.onReady?.();
  }
}

function refuse(
  transport: HttpTransport,
  code: ErrorCode,
  answer: HttpAnswer,
  detail: string,
): void {
  const { socket } = transport;
  transport.answered(code, detail);
  socket.once("finish", () => socket.destroy());
  socket.end(wireText(answer));
}

const NO_HOST = "an HTTP request without the header Host came";

/** RFC 9112 section 3.2: it is then no request, but in the version before. */
function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === "1.1";
}

function targetPathOf({ url = "/" }: IncomingMessage): string {
  return pathOf(url);
}

/** For people; a query may hold secrets. */
function printablePathOf(request: IncomingMessage): string {
  return printable(targetPathOf(request).slice(0, 200));
}
