/**
 * Options of `listen`, parsed once at the door into a config in which nothing is optional.
 *
 * The relations are what is easy to break: an outbox holds at least one message, the budget of all
 * at least one outbox, and the kernel's user timeout must outlast our own rule about peers that
 * take nothing. A default that depends on another option follows it; only what was asked for can
 * contradict.
 */
import type { Observe } from "../base/observation.ts";
import { observeNothing } from "../base/observation.ts";
import { OptionReader } from "../base/options.ts";
import type { ConnectionConfig, LivenessLimits } from "../connection/config.ts";
import { DURATION_MS_MAX, userTimeoutFor } from "../liveness/lease.ts";
import {
  readServerLiveness,
  type ServerLivenessConfig,
  type ServerLivenessOptions,
} from "../liveness/options.ts";
import type { KeepaliveConfig, KernelConfig } from "../transports/transport.ts";
import { type LineWords, lineWords } from "../wire/line-words.ts";
import type { AdmissionConfig } from "./admission.ts";
import type { Authenticate } from "./authentication.ts";
import type { ListenAt, ServerOptions } from "./listen-options.ts";
import { type ListenAddress, parseListenUrl } from "./listen-url.ts";
import type { ReaperConfig } from "./reaper.ts";

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
  readonly addresses: readonly ListenAddress[];
  readonly kernel: KernelConfig;
  readonly engine: "auto" | "public" | "shared";
}

const GIBIBYTE = 1024 ** 3;
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
  const addresses = readAddresses(read);
  const engine = read.oneOf("engine", ["auto", "public", "shared"] as const, "auto");
  const server = readServer(read, descriptorsMax);
  const kernel = readKernel(read, server.connection);
  read.done();
  return { server, addresses, kernel, engine };
}

/** The same without a place to listen on, for servers over pretended transports. */
export function resolveServer(
  options: ServerOptions & ServerLivenessOptions,
  descriptorsMax: number | undefined,
): ServerConfig {
  const read = new OptionReader("listen", options);
  const server = readServer(read, descriptorsMax);
  readKernel(read, server.connection);
  read.oneOf("engine", ["auto", "public", "shared"] as const, "auto");
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
    ...readLine(read),
    ...readBuffers(read),
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
    bufferBytesTotalMax: readAtLeast(read, "bufferBytesTotalMax", 256 * 1024 ** 2, {
      outboxBytesMax,
    }),
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

function readAddresses(read: OptionReader): readonly ListenAddress[] {
  const listen = read.value("listen");
  const hasPort = read.value("port") !== undefined || read.value("host") !== undefined;
  if (listen === undefined) {
    if (read.value("port") === undefined) {
      throw read.refuse(
        "where to listen is missing: give `port`, or `listen` with one or more urls",
      );
    }
    const port = read.integer("port", { default: 0, min: 0, max: 65_535 });
    return [{ kind: "tcp", host: read.text("host", "::"), port }];
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
  const isDialect = (one: unknown): boolean => one === "line" || one === "frame";
  if (!Array.isArray(accept) || accept.length === 0 || !accept.every(isDialect)) {
    throw read.refuse('`accept` must be a list of "line", "frame", or both');
  }
  return { line: accept.includes("line"), frame: accept.includes("frame") };
}

function readLine(read: OptionReader): {
  readonly words: LineWords;
  readonly lineBytesMax: number;
} {
  const line = new OptionReader("listen.line", read.value("line") as object | undefined);
  const ping = readWord(line, "ping");
  const pong = line.value("pong") === false ? false : readWord(line, "pong");
  if (ping === pong)
    throw line.refuse("`ping` and `pong` must differ, or each would answer itself");
  const lineBytesMax = line.integer("lineBytesMax", { default: 65_536, min: 16, max: GIBIBYTE });
  line.done();
  return { words: lineWords(ping, pong), lineBytesMax };
}

function readWord(line: OptionReader, name: "ping" | "pong"): string {
  const word = line.text(name, name);
  if (/^[^\r\n]{1,64}$/.test(word)) return word;
  throw line.refuse(`\`${name}\` must be 1 to 64 characters without a line break`);
}

function readBuffers(
  read: OptionReader,
): Pick<ConnectionConfig, "messageBytesMax" | "outboxBytesMax" | "outboxHighWaterBytes"> {
  const messageBytesMax = read.integer("messageBytesMax", {
    default: 1024 ** 2,
    min: 1,
    max: GIBIBYTE,
  });
  const outboxBytesDefault = Math.max(16 * 1024 ** 2, 2 * messageBytesMax);
  const outboxBytesMax = readAtLeast(read, "outboxBytesMax", outboxBytesDefault, {
    messageBytesMax,
  });
  const outboxHighWaterBytes = read.integer("outboxHighWaterBytes", {
    default: Math.min(1024 ** 2, outboxBytesMax),
    min: 1,
    max: TEBIBYTE,
  });
  if (outboxHighWaterBytes > outboxBytesMax) {
    throw read.refuse(
      `\`outboxHighWaterBytes\` (${outboxHighWaterBytes}) must not exceed ` +
        `\`outboxBytesMax\` (${outboxBytesMax})`,
    );
  }
  return { messageBytesMax, outboxBytesMax, outboxHighWaterBytes };
}

/** A number of bytes that must hold another option, the one in `floor`. */
function readAtLeast(
  read: OptionReader,
  name: string,
  fallback: number,
  floor: Readonly<Record<string, number>>,
): number {
  const [[floorName, floorBytes]] = Object.entries(floor) as [[string, number]];
  const range = { default: Math.max(fallback, floorBytes), min: 1, max: TEBIBYTE };
  const bytes = read.integer(name, range);
  if (bytes >= floorBytes) return bytes;
  throw read.refuse(
    `\`${name}\` (${bytes}) must be at least \`${floorName}\` (${floorBytes}), which it holds`,
  );
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
  const { drainTimeoutMs } = connection.liveness;
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
  return {
    keepalive: readKeepalive(read),
    userTimeoutMs,
    userTimeoutAsked: read.value("userTimeoutMs") !== undefined,
    keepaliveAsked: read.value("keepalive") !== undefined,
  };
}

function readKeepalive(read: OptionReader): KeepaliveConfig | false {
  const value = read.value("keepalive");
  if (value === false) return false;
  const keepalive = new OptionReader("listen.keepalive", value as object | undefined);
  const seconds = (name: string, fallback: number): number => {
    const ms = keepalive.integer(name, { default: fallback, min: 1_000, max: 32_767_000 });
    if (ms % 1_000 === 0) return ms;
    throw keepalive.refuse(`\`${name}\` must be whole seconds, in milliseconds, got ${ms}`);
  };
  const idleMs = seconds("idleMs", 60_000);
  const intervalMs = seconds("intervalMs", 10_000);
  const count = keepalive.integer("count", { default: 5, min: 1, max: 127 });
  keepalive.done();
  return { idleMs, intervalMs, count };
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
