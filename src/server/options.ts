/**
 * Options of `listen`, parsed once at the door into a config in which nothing is optional.
 *
 * The relations are what is easy to break: the budget of all holds at least one outbox, and the
 * kernel's user timeout must outlast our own rule about peers that take nothing. A default that
 * depends on another option follows it; only what was asked for can contradict.
 */
import type { Observe } from "../base/observation.ts";
import { observeNothing } from "../base/observation.ts";
import { OptionReader } from "../base/options.ts";
import type { ConnectionConfig, LivenessLimits } from "../connection/config.ts";
import { readAtLeast, readMessageLimits } from "../connection/limits-options.ts";
import type { ReaperConfig } from "../driver/reaper.ts";
import { DURATION_MS_MAX, userTimeoutFor } from "../liveness/lease.ts";
import {
  readServerLiveness,
  type ServerLivenessConfig,
  type ServerLivenessOptions,
} from "../liveness/options.ts";
import { readKeepalive } from "../transports/keepalive-options.ts";
import { ENGINE_CHOICES, type EngineChoice } from "../transports/tcp/engine-choice.ts";
import {
  plainPeersFault,
  readTlsServer,
  type TlsServerConfig,
} from "../transports/tls/tls-server-options.ts";
import {
  type ProxyProtocolConfig,
  readProxyProtocol,
  trustsEverybody,
} from "../transports/proxied/proxy-options.ts";
import type { KernelConfig } from "../transports/transport.ts";
import {
  readWebSocketServer,
  type WebSocketServerConfig,
} from "../transports/websocket/websocket-server-options.ts";
import { type LineOptions, resolveLine } from "../wire/line-options.ts";
import type { AdmissionConfig } from "./admission.ts";
import type { Authenticate } from "./authentication.ts";
import type { ListenAt, ServerOptions } from "./listen-options.ts";
import { type ListenAddress, parseListenUrl } from "./listen-url.ts";

export type ListenOptions = ServerOptions & ServerLivenessOptions & ListenAt;

/** What a server has to know, wherever it listens. */
export interface ServerConfig extends AdmissionConfig {
  readonly connection: ConnectionConfig;
  readonly reaper: ReaperConfig;
  readonly bufferBytesTotalMax: number;
  readonly reconnectWindowMs: number;
  readonly recordsMax: number;
  readonly authenticate: Authenticate | undefined;
  readonly observe: Observe;
  /** Sentences about what was asked for and is unwise; said once, at the start. */
  readonly warnings: readonly string[];
}

/** What is to be listened on, and how. */
export interface ListenConfig {
  readonly server: ServerConfig;
  /** Given where TLS is spoken at an address. */
  readonly tls: TlsServerConfig | undefined;
  readonly webSocket: WebSocketChoice;
  readonly proxyProtocol: ProxyProtocolConfig | false;
  readonly addresses: readonly ListenAddress[];
  readonly kernel: KernelConfig;
  readonly engine: EngineChoice;
}

/** WebSockets on the addresses that do not name a path of their own. */
export interface WebSocketChoice {
  readonly accepted: "no" | "too" | "only";
  readonly config: WebSocketServerConfig;
}

const TEBIBYTE = 1024 ** 4;
/** What the process needs beside its connections: files, pipes, modules, other sockets. */
const DESCRIPTORS_KEPT = 200;
const CONNECTIONS_UNKNOWN = 10_000;
/** After our FIN: how long the peer has to close its side. */
const CLOSE_TIMEOUT_MS = 5_000;
/** How fine deadlines are kept: below what a person notices; 40 wakeups a second at most. */
const TICK_MS = 25;

/**
 * @param descriptorsMax How many files this process may have open, where that is known.
 * @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came; `URL_INVALID`
 * for a url that cannot be listened on.
 */
export function resolveListen(
  options: ListenOptions,
  descriptorsMax: number | undefined,
): ListenConfig {
  const read = new OptionReader("listen", options);
  const tls = readTls(read);
  const addresses = readAddresses(read, tls !== undefined);
  checkSecure(read, addresses, tls);
  const proxyProtocol = readProxyProtocol("listen.proxyProtocol", read.value("proxyProtocol"));
  checkProxied(read, addresses, proxyProtocol);
  const webSocket = readWebSocket(read);
  const engine = read.oneOf("engine", ENGINE_CHOICES, "auto");
  const server = readServer(read, descriptorsMax);
  const kernel = readKernel(read, server.connection);
  read.done();
  const warned = { ...server, warnings: [...server.warnings, ...proxyWarnings(proxyProtocol)] };
  return { server: warned, addresses, tls, webSocket, proxyProtocol, kernel, engine };
}

/** The same without a place to listen on, for servers over pretended transports. */
export function resolveServer(
  options: ServerOptions & ServerLivenessOptions,
  descriptorsMax: number | undefined,
): ServerConfig {
  const read = new OptionReader("listen", options);
  const server = readServer(read, descriptorsMax);
  readKernel(read, server.connection);
  readTls(read);
  readWebSocket(read);
  readProxyProtocol("listen.proxyProtocol", read.value("proxyProtocol"));
  read.oneOf("engine", ENGINE_CHOICES, "auto");
  read.done();
  return server;
}

function readServer(read: OptionReader, descriptorsMax: number | undefined): ServerConfig {
  const { stallToleranceMs, warnings, ...limits } = readServerLiveness(read);
  const liveness = livenessLimits(limits);
  const connection: ConnectionConfig = {
    role: "server",
    agent: "",
    accepts: readAccepts(read),
    ...resolveLine("listen.line", read.value("line") as LineOptions | undefined, 65_536),
    ...readMessageLimits(read, TEBIBYTE),
    handshakeTimeoutMs: read.integer("handshakeTimeoutMs", {
      default: 10_000,
      min: 10,
      max: 600_000,
    }),
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    liveness,
  };
  const { outboxBytesMax } = connection;
  return {
    connection,
    reaper: { tickMs: TICK_MS, stallToleranceMs, answerWithinMs: liveness.answerWithinMs },
    ...readLimits(read, descriptorsMax),
    bufferBytesTotalMax: readAtLeast(
      read,
      "bufferBytesTotalMax",
      { default: 256 * 1024 ** 2, max: TEBIBYTE },
      { name: "outboxBytesMax", bytes: outboxBytesMax },
    ),
    reconnectWindowMs: read.integer("reconnectWindowMs", { default: 5_000, min: 0, max: 600_000 }),
    recordsMax: read.integer("recordsMax", { default: 10_000, min: 0, max: 1_000_000 }),
    authenticate: read.callback<Authenticate>("authenticate"),
    observe: read.callback<Observe>("observe") ?? observeNothing,
    warnings,
  };
}

/** A server never beats by itself, and its peers can answer where they speak frames. */
function livenessLimits(
  config: Omit<ServerLivenessConfig, "stallToleranceMs" | "warnings">,
): LivenessLimits {
  const { userTimeoutMs: _, ...limits } = config;
  return { ...limits, intervalMs: false, answersExpected: true };
}

function readTls(read: OptionReader): TlsServerConfig | undefined {
  const tls = read.value("tls");
  return tls === undefined ? undefined : readTlsServer("listen.tls", tls);
}

function checkSecure(
  read: OptionReader,
  addresses: readonly ListenAddress[],
  tls: TlsServerConfig | undefined,
): void {
  const places = addresses.map((address) => (address.kind === "unix" ? "no" : address.tls));
  const isSpoken = places.some((place) => place !== "no");
  if (isSpoken && tls === undefined) {
    throw read.refuse(
      "`tls` is missing: a tls://, tcp+tls:// or wss:// url needs a certificate and its key",
    );
  }
  if (!isSpoken && tls !== undefined) {
    throw read.refuse(
      "`tls` is of no use: no url to listen on is tls://, tcp+tls://, wss:// or tls+fd:",
    );
  }
  const fault = places.includes("too") ? plainPeersFault(tls) : undefined;
  if (fault !== undefined) throw read.refuse(fault);
}

/** A Unix socket that would refuse everybody is a slip. */
function checkProxied(
  read: OptionReader,
  addresses: readonly ListenAddress[],
  proxyProtocol: ProxyProtocolConfig | false,
): void {
  if (proxyProtocol === false || proxyProtocol.isUnixTrusted || proxyProtocol.servesOthers) return;
  const unix = addresses.find((address) => address.kind === "unix");
  if (unix === undefined) return;
  throw read.refuse(
    `\`proxyProtocol\` does not trust "unix", so everybody at unix:${unix.path} would be ` +
      "refused; add the word unix to the addresses that it trusts",
  );
}

function proxyWarnings(proxyProtocol: ProxyProtocolConfig | false): readonly string[] {
  if (proxyProtocol === false || !trustsEverybody(proxyProtocol)) return [];
  return [
    "`proxyProtocol.trustedFrom` names all addresses: whoever reaches this port may claim to " +
      "be anybody, so limits by address hold nobody back; name those of the balancers only",
  ];
}

function readWebSocket(read: OptionReader): WebSocketChoice {
  const config = readWebSocketServer("listen.websocket", read.value("websocket"));
  const accept = read.value("accept");
  if (!Array.isArray(accept) || !accept.includes("websocket")) return { accepted: "no", config };
  return { accepted: accept.length === 1 ? "only" : "too", config };
}

function readAddresses(read: OptionReader, hasTls: boolean): readonly ListenAddress[] {
  const listen = read.value("listen");
  const hasPort = read.value("port") !== undefined || read.value("host") !== undefined;
  if (listen === undefined) {
    if (read.value("port") === undefined) {
      throw read.refuse(
        "where to listen is missing: give `port`, or `listen` with one or more urls",
      );
    }
    const port = read.integer("port", { default: 0, min: 0, max: 65_535 });
    const host = read.text("host", "::");
    const tls = hasTls ? "only" : "no";
    return [{ kind: "tcp", host, port, tls, webSocketPath: undefined }];
  }
  if (hasPort) throw read.refuse("`listen` and `port` or `host` exclude each other; give one");
  const urls: readonly unknown[] = Array.isArray(listen) ? listen : [listen];
  if (urls.length === 0 || urls.length > 64 || !urls.every((url) => typeof url === "string")) {
    throw read.refuse(
      "`listen` must be a url such as tcp://[::]:8080, or a list of 1 to 64 of them",
    );
  }
  return urls.map((url) => parseListenUrl(url));
}

function readAccepts(read: OptionReader): { readonly line: boolean; readonly frame: boolean } {
  const accept = read.value("accept");
  if (accept === undefined) return { line: true, frame: true };
  if (!Array.isArray(accept) || accept.length === 0 || !accept.every(isAccepted)) {
    throw read.refuse('`accept` must be a list of one or more of "line", "frame", "websocket"');
  }
  // Nothing but WebSocket: its texts are lines, its binary messages frames.
  const both = !accept.includes("line") && !accept.includes("frame");
  return { line: both || accept.includes("line"), frame: both || accept.includes("frame") };
}

function isAccepted(one: unknown): boolean {
  return one === "line" || one === "frame" || one === "websocket";
}

function readLimits(read: OptionReader, descriptorsMax: number | undefined): AdmissionConfig {
  const affordable =
    descriptorsMax === undefined
      ? CONNECTIONS_UNKNOWN
      : Math.min(10_000_000, Math.max(1, descriptorsMax - DESCRIPTORS_KEPT));
  const connections = { min: 1, max: 10_000_000 };
  return {
    maxConnections: read.integerOrFalse("maxConnections", { default: affordable, ...connections }),
    maxPerAddress: read.integerOrFalse("maxPerAddress", { default: false, ...connections }),
    acceptPerSecondMax: read.integerOrFalse("acceptPerSecondMax", {
      default: false,
      min: 1,
      max: 1_000_000,
    }),
    handshakesMax: read.integer("handshakesMax", { default: 2_000, min: 1, max: 1_000_000 }),
  };
}

/**
 * A plain client may never read our answers, which are dropped and not held against it. The kernel
 * knows no such mercy: its user timeout ends whoever has left bytes unread for so long. So where
 * lines are accepted there is one only if it was asked for; silence is found without it.
 */
function readKernel(read: OptionReader, connection: ConnectionConfig): KernelConfig {
  const { drainTimeoutMs, leaseMsMax, timeoutMs } = connection.liveness;
  const userTimeoutMs = read.integerOrFalse("userTimeoutMs", {
    default: connection.accepts.line ? false : userTimeoutFor(drainTimeoutMs),
    min: 1,
    max: userTimeoutFor(DURATION_MS_MAX),
  });
  if (userTimeoutMs !== false && userTimeoutMs <= drainTimeoutMs) {
    throw read.refuse(
      `\`userTimeoutMs\` (${userTimeoutMs}) must exceed \`drainTimeoutMs\` (${drainTimeoutMs}): ` +
        "the kernel would end slow readers before this server does",
    );
  }
  const keepalive = read.value("keepalive");
  const boundMs = read.value("deadWithinMs");
  const quietMs = leaseMsMax > timeoutMs ? leaseMsMax : 0;
  return {
    keepalive: readKeepalive("listen.keepalive", keepalive, boundMs, quietMs),
    userTimeoutMs,
    userTimeoutAsked: read.value("userTimeoutMs") !== undefined,
    keepaliveAsked: keepalive !== undefined,
  };
}

export interface CloseOptions {
  /**
   * How long peers have to leave by themselves.
   *
   * @unit milliseconds
   * @range 0 to 600_000
   * @default 5_000
   */
  readonly graceMs?: number | undefined;
}

export function resolveCloseOptions(options: CloseOptions | undefined): {
  readonly graceMs: number;
} {
  const read = new OptionReader("close", options);
  const graceMs = read.integer("graceMs", { default: 5_000, min: 0, max: 600_000 });
  read.done();
  return { graceMs };
}
