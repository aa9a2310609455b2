/** The settings of `holdfast serve`: one table behind flags, variables, keys and documents. */
import type { ListenOptions } from "../server/options.ts";
import { ENGINE_CHOICES, type EngineChoice } from "../transports/tcp/engine-choice.ts";
import type { ClientCertificates, TlsServerOptions } from "../transports/tls/tls-server-options.ts";
import type { KeepaliveConfig } from "../transports/transport.ts";
import {
  count,
  duration,
  keepalive,
  names,
  oneOf,
  orFalse,
  origins,
  path,
  size,
  someOf,
  toggle,
  urls,
  word,
  workers,
} from "./kinds.ts";
import type { SettingsTable } from "./settings.ts";

export interface ServeSettings {
  readonly listen: readonly string[];
  readonly accept: readonly ("line" | "frame" | "websocket")[];
  readonly webSocketPath: string | undefined;
  readonly webSocketOrigins: "same-host" | "any" | readonly string[] | undefined;
  readonly timeoutMs: number | undefined;
  readonly leaseMsMax: number | undefined;
  readonly echo: boolean;
  readonly broadcast: boolean;
  readonly ping: string | undefined;
  readonly pong: string | false | undefined;
  readonly messageBytesMax: number | undefined;
  readonly maxConnections: number | undefined;
  readonly maxPerAddress: number | false | undefined;
  readonly acceptPerSecondMax: number | false | undefined;
  readonly bufferBytesTotalMax: number | undefined;
  readonly keepalive: KeepaliveConfig | false | undefined;
  readonly userTimeoutMs: number | false | undefined;
  readonly engine: EngineChoice | undefined;
  readonly proxyProtocol: readonly string[] | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly clientCertificates: ClientCertificates | undefined;
  readonly workers: number | "auto" | undefined;
  readonly events: "all" | "ends" | "none";
  readonly json: boolean;
  readonly verbose: boolean;
}

export const SERVE_SETTINGS: SettingsTable<ServeSettings> = {
  listen: {
    flag: "listen",
    kind: urls,
    fallback: ["tcp://[::]:8080"],
    shown: "tcp://[::]:8080",
    help:
      "where to listen; may be repeated (tcp://, tls://, tcp+tls://, ws:// or wss://HOST:PORT, " +
      "unix:/path)",
  },
  accept: {
    flag: "accept",
    kind: someOf(["line", "frame", "websocket"]),
    fallback: ["line", "frame", "websocket"],
    shown: "line,frame,websocket",
    help: "what is accepted on one port; the first bytes of a peer tell which one it speaks",
  },
  webSocketPath: {
    flag: "ws-path",
    kind: word,
    fallback: undefined,
    shown: "every path",
    help: "the path at which WebSockets are let in, such as /live",
  },
  webSocketOrigins: {
    flag: "ws-origins",
    kind: origins,
    fallback: undefined,
    shown: "same-host",
    help: "from which pages browsers may connect: same-host, any, or a list of origins",
  },
  timeoutMs: {
    flag: "timeout",
    kind: duration,
    fallback: undefined,
    shown: "60s",
    help: "how long a peer that announces nothing may be silent before it counts as dead",
  },
  leaseMsMax: {
    flag: "lease-max",
    kind: duration,
    fallback: undefined,
    shown: "the timeout",
    help: "the longest silence that a peer may announce in advance",
  },
  echo: {
    flag: "echo",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "send each message back to its sender",
  },
  broadcast: {
    flag: "broadcast",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "send each message to every connection, its sender included",
  },
  ping: {
    flag: "ping",
    kind: word,
    fallback: undefined,
    shown: "ping",
    help: "the line that asks for an answer",
  },
  pong: {
    flag: "pong",
    kind: orFalse(word, "none"),
    fallback: undefined,
    shown: "pong",
    help: "the line that answers it; none for silence",
  },
  messageBytesMax: {
    flag: "message-max",
    kind: size,
    fallback: undefined,
    shown: "1MiB",
    help: "the longest message that is received",
  },
  maxConnections: {
    flag: "max-connections",
    kind: count,
    fallback: undefined,
    shown: "the descriptor limit minus 200",
    help: "how many connections are held at once",
  },
  maxPerAddress: {
    flag: "max-per-address",
    kind: orFalse(count, "off"),
    fallback: undefined,
    shown: "off",
    help: "how many connections one address may hold (IPv6: one /64)",
  },
  acceptPerSecondMax: {
    flag: "accept-rate",
    kind: orFalse(count, "off"),
    fallback: undefined,
    shown: "off",
    help: "how many connections are let in per second",
  },
  bufferBytesTotalMax: {
    flag: "buffer-max",
    kind: size,
    fallback: undefined,
    shown: "256MiB",
    help: "what all connections together may make the server buffer",
  },
  keepalive: {
    flag: "keepalive",
    kind: orFalse(keepalive, "off"),
    fallback: undefined,
    shown: "60s,10s,5",
    help: "TCP keepalive of the kernel, the second line of defence",
  },
  userTimeoutMs: {
    flag: "user-timeout",
    kind: orFalse(duration, "off"),
    fallback: undefined,
    shown: "off; 70s with --accept frame",
    help: "how long sent data may stay unacknowledged (TCP_USER_TIMEOUT; Linux, with koffi)",
  },
  engine: {
    flag: "engine",
    kind: oneOf(ENGINE_CHOICES),
    fallback: undefined,
    shown: "auto",
    help: "how sockets are read: by Node's public interface, into one shared buffer, or leaner",
  },
  proxyProtocol: {
    flag: "proxy-protocol",
    kind: { ...names, expected: "addresses or ranges of balancers, such as 10.0.0.0/8,::1,unix" },
    fallback: undefined,
    shown: "off",
    help: "balancers that say by the PROXY protocol for whom they speak: addresses, ranges, unix",
  },
  certFile: {
    flag: "tls-cert",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "for TLS: the certificate as PEM, and behind it those up to an authority",
  },
  keyFile: {
    flag: "tls-key",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "its private key as PEM; HOLDFAST_TLS_PASSPHRASE opens an encrypted one",
  },
  caFile: {
    flag: "tls-ca",
    kind: path,
    fallback: undefined,
    shown: "those that Node knows",
    help: "the authorities that vouch for clients, as PEM",
  },
  clientCertificates: {
    flag: "tls-client-certificates",
    kind: oneOf(["none", "optional", "required"]),
    fallback: undefined,
    shown: "none",
    help: "whether clients are asked for a certificate, and have to have one",
  },
  workers: {
    flag: "workers",
    kind: workers,
    fallback: undefined,
    shown: "none: one process does it all",
    help: "how many processes serve, under one more that looks after them; auto: one per core",
  },
  events: {
    flag: "events",
    kind: oneOf(["all", "ends", "none"]),
    fallback: "all",
    shown: "all",
    help: "what is told of single connections: all, only ends and rejections, or none",
  },
  json: {
    flag: "json",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "write one JSON object per line instead of text",
  },
  verbose: {
    flag: "verbose",
    short: "v",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "tell about every beat, too",
  },
};

/** The settings as options of the library; what was not set is left to it. */
export function listenOptions(
  settings: ServeSettings,
  passphrase: string | undefined,
): ListenOptions {
  const { ping, pong, messageBytesMax } = settings;
  return {
    listen: settings.listen,
    accept: settings.accept,
    timeoutMs: settings.timeoutMs,
    leaseMsMax: settings.leaseMsMax,
    // A line is a message, too: one flag for both.
    line: { ping, pong, lineBytesMax: messageBytesMax },
    messageBytesMax,
    maxConnections: settings.maxConnections,
    maxPerAddress: settings.maxPerAddress,
    acceptPerSecondMax: settings.acceptPerSecondMax,
    bufferBytesTotalMax: settings.bufferBytesTotalMax,
    keepalive: settings.keepalive,
    userTimeoutMs: settings.userTimeoutMs,
    engine: settings.engine,
    proxyProtocol: proxyOptions(settings),
    tls: tlsOptions(settings, passphrase),
    websocket: { path: settings.webSocketPath, origins: settings.webSocketOrigins },
  };
}

function proxyOptions({ proxyProtocol }: ServeSettings): ListenOptions["proxyProtocol"] {
  return proxyProtocol === undefined ? undefined : { trustedFrom: proxyProtocol };
}

/** Nothing where no flag asks for it: a url that needs it is then refused by the library. */
function tlsOptions(
  { certFile, keyFile, caFile, clientCertificates }: ServeSettings,
  passphrase: string | undefined,
): TlsServerOptions | undefined {
  const given = [certFile, keyFile, caFile, clientCertificates];
  if (given.every((one) => one === undefined)) return undefined;
  return { certFile, keyFile, caFile, clientCertificates, passphrase };
}
