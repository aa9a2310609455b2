/** The door for servers: binds the keeper to real sockets, the real clock and real chance. */
import { assert } from "../base/assert.ts";
import { reporting } from "../base/observation.ts";
import { pooledSecrets, reportUncaught, systemClock, systemRandom } from "../driver/system.ts";
import { listenPassed } from "../transports/listen-passed.ts";
import { chooseEngine } from "../transports/tcp/choose-engine.ts";
import { listenTcp } from "../transports/tcp/listen-tcp.ts";
import type { PortSharing, TcpEngine } from "../transports/tcp/tcp-engine.ts";
import type { Upgrade } from "../transports/stream-facts.ts";
import { ServerCertificates } from "../transports/tls/server-certificates.ts";
import { TlsEngine } from "../transports/tls/tls-engine.ts";
import { TlsUpgrade } from "../transports/tls/tls-upgrade.ts";
import type { TlsServerConfig } from "../transports/tls/tls-server-options.ts";
import type { Listen } from "../transports/transport.ts";
import { listenUnix } from "../transports/unix/listen-unix.ts";
import { webSocketUpgrade } from "../transports/websocket/websocket-upgrade.ts";
import { PREFACE_FIRST_BYTE } from "../wire/preface.ts";
import { readDescriptorLimit } from "./descriptor-limit.ts";
import type { ListenAddress } from "./listen-url.ts";
import { type ListenConfig, type ListenOptions, resolveListen } from "./options.ts";
import { type Server, startServer } from "./server.ts";
import type { LimitName } from "./shared-limits.ts";

/** What the kernel keeps until it is accepted. The system caps it (somaxconn, 4,096 on Linux). */
const BACKLOG = 4_096;

/** A certificate lasts for months; so this is soon, and costs nothing. */
const CERTIFICATE_LOOK_MS = 2_000;

/** Whoever renews certificates has replaced both files by then. */
const CERTIFICATE_PATIENCE_MS = 10_000;

/**
 * Starts a server. Resolves when it listens everywhere; nobody is let in before.
 *
 * @throws HoldfastError `OPTION_INVALID` and `URL_INVALID` for what cannot be meant;
 * `OPTION_INVALID` also for certificates and keys that cannot be read or do not fit together;
 * `LISTEN_FAILED` when an address is in use, not allowed or not there, with the system's error as
 * its `cause`.
 *
 * @example
 * const server = await listen({ port: 8080, timeoutMs: 60_000 });
 * server.on("message", (connection, data) => connection.send(data));
 * server.on("end", (connection, record) => console.log(record.sentence));
 */
export async function listen(options: ListenOptions): Promise<Server> {
  return await listenBeside(options, ALONE);
}

/** A process among others that listen on the same addresses. */
export interface Company {
  /** For TCP; Unix sockets are shared through one handle whenever this is given. */
  readonly sharing: PortSharing | undefined;
  readonly parts: ReadonlyMap<LimitName, number>;
}

const ALONE: Company = { sharing: undefined, parts: new Map() };

/** The same for a process of a cluster. */
export async function listenBeside(options: ListenOptions, company: Company): Promise<Server> {
  const config = resolveListen(options, readDescriptorLimit());
  const { tls } = config;
  const certificates = tls === undefined ? undefined : certificatesOf(tls, config);
  const usesTcp = config.addresses.some(({ kind }) => kind !== "unix");
  const engine = usesTcp ? await engineFor(config) : undefined;
  const listeners = config.addresses.map((address) =>
    listenerFor(address, config, engine, certificates, company),
  );
  return await startServer(config.server, {
    clock: systemClock,
    random: systemRandom,
    secrets: pooledSecrets(),
    report: reportUncaught,
    listeners: await Promise.all(listeners),
    certificates,
    parts: company.parts,
  });
}

function certificatesOf(
  tls: TlsServerConfig,
  { server, addresses }: ListenConfig,
): ServerCertificates {
  const observe = reporting(server.observe, reportUncaught);
  const times = { lookMs: CERTIFICATE_LOOK_MS, patienceMs: CERTIFICATE_PATIENCE_MS };
  const hasPlainPeers = addresses.some(isForBoth);
  return new ServerCertificates({ tls, observe, hasPlainPeers, ...times });
}

/** Whether those who speak TLS and those who do not come in there. */
function isForBoth(address: ListenAddress): boolean {
  return address.kind !== "unix" && address.tls === "too";
}

/** A wish that cannot be met here is worth a warning, not a refusal. */
async function engineFor(config: ListenConfig): Promise<TcpEngine> {
  const { engine: wanted, server, webSocket, proxyProtocol, addresses } = config;
  const areRead =
    webSocket.accepted === "too" || proxyProtocol !== false || addresses.some(isForBoth);
  const rule = areRead ? "after the first bytes" : "at accept";
  const { engine, why } = await chooseEngine(wanted, rule);
  if ((wanted === "shared" || wanted === "lean") && engine.name !== wanted) {
    server.observe({ what: "warning", text: `\`engine\` is "${engine.name}" here: ${why}` });
  }
  return engine;
}

async function listenerFor(
  address: ListenAddress,
  config: ListenConfig,
  engine: TcpEngine | undefined,
  certificates: ServerCertificates | undefined,
  { sharing }: Company,
): Promise<Listen> {
  const { kernel, server, proxyProtocol } = config;
  const proxy = proxyProtocol === false ? undefined : { config: proxyProtocol, clock: systemClock };
  const upgrade = await upgradeFor(address, config);
  const isShared = sharing !== undefined;
  const unix = { backlog: BACKLOG, upgrade, proxy, isShared, overwriteAfterRead: false };
  if (address.kind === "unix") return listenUnix({ ...address, ...unix });
  assert(engine !== undefined, "where an address may be of TCP there is an engine");
  const contexts = certificates === undefined ? undefined : () => certificates.contexts;
  const place = contexts === undefined ? "no" : address.tls;
  const tcp = {
    kind: KIND[place],
    backlog: BACKLOG,
    ipv6Only: false,
    kernel,
    engine: contexts !== undefined && place === "only" ? new TlsEngine(engine, contexts) : engine,
    upgrade:
      contexts !== undefined && place === "too" ? new TlsUpgrade(contexts, upgrade) : upgrade,
    webSocketPath: address.kind === "tcp" ? address.webSocketPath : undefined,
    proxy,
    sharing,
    warn: (text: string) => server.observe({ what: "warning", text }),
  } as const;
  if (address.kind === "fd") return listenPassed({ fd: address.fd, tcp, unix });
  return listenTcp({ ...tcp, host: address.host, port: address.port });
}

const KIND = { no: "tcp", too: "tcp+tls", only: "tls" } as const;

/** What a url says of WebSockets goes before what `accept` says. */
async function upgradeFor(
  address: ListenAddress,
  { webSocket, server }: ListenConfig,
): Promise<Upgrade | undefined> {
  const ownPath = address.kind === "tcp" ? address.webSocketPath : undefined;
  if (ownPath === undefined && webSocket.accepted === "no") return undefined;
  return await webSocketUpgrade({
    ...webSocket.config,
    path: ownPath ?? webSocket.config.path,
    isOnly: ownPath !== undefined || webSocket.accepted === "only",
    textBytesMax: server.connection.lineBytesMax,
    firstByte: PREFACE_FIRST_BYTE,
  });
}
