/**
 * A TCP listener.
 *
 * `::` falls back to `0.0.0.0` on a host without IPv6, as node:net does for an address left out.
 * An error of accept is told and survived. Of EMFILE there may be nothing to tell: libuv keeps a
 * spare descriptor, with which it accepts and closes whom it cannot serve (uv__emfile_trick). A
 * peer that was gone before it could be looked at counts as an error of accept (ECONNABORTED, as
 * accept(2) calls it).
 */
import {
  type AddressInfo,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from "node:net";
import { ipAddress, urlHost } from "../address.ts";
import { listenFailure, systemCode } from "../listen-failure.ts";
import { offerSocket, type SocketOffer } from "../proxied/offer-proxied.ts";
import { ProxyDoor } from "../proxied/proxy-door.ts";
import { type AcceptorFacts, ServerAcceptor } from "../server-acceptor.ts";
import { passedFailure } from "../passed-socket.ts";
import type { Upgrade } from "../stream-facts.ts";
import { discard, HIGH_WATER_MARK } from "../stream-transport.ts";
import type {
  AcceptHandlers,
  Acceptor,
  Listen,
  RemoteAddress,
  TransportKind,
} from "../transport.ts";
import { applyToListener, type ListenerKernelOptions } from "./kernel-options.ts";
import { tcpFacts } from "./tcp-facts.ts";
import type { ListenTcpConfig, TcpEngine } from "./tcp-engine.ts";

export function listenTcp(config: ListenTcpConfig): Listen {
  const { engine, sharing } = config;
  const canListen = sharing === undefined || engine.sharing?.includes(sharing) === true;
  const listen = canListen ? engine.listen?.(config) : undefined;
  return listen ?? listenWith(config, listenBySockets(config));
}

/** A server of node:net that listens, and has accepted nobody yet. */
export interface ListeningServer {
  readonly server: Server;
  readonly kernel: ListenerKernelOptions;
  readonly facts: AcceptorFacts;
  readonly config: ListenTcpConfig;
}

/** Takes over what a server accepts from now on. */
export type BeginAccepting = (listening: ListeningServer, handlers: AcceptHandlers) => Acceptor;

/** Listens on one address; rejects with the system's error. */
type ListenOn = (host: string, handlers: AcceptHandlers) => Promise<Acceptor>;

/** Which address, and what it means that it cannot be had, whoever accepts there. */
export function listenWith(config: ListenTcpConfig, listenOn: ListenOn): Listen {
  return async (handlers) => {
    try {
      return await listenOn(config.host, handlers);
    } catch (error) {
      if (config.passedFd !== undefined) throw passedFailure(config.passedFd, error);
      const cause = systemCode(error) ?? "";
      if (!(config.host === "::" && !config.ipv6Only && NO_IPV6.includes(cause))) {
        throw listenFailure(tcpUrl(config.host, config.port, config), error);
      }
    }
    try {
      return await listenOn("0.0.0.0", handlers);
    } catch (error) {
      throw listenFailure(tcpUrl("0.0.0.0", config.port, config), error);
    }
  };
}

const NO_IPV6: readonly string[] = ["EAFNOSUPPORT", "EADDRNOTAVAIL"];

/** For engines that listen by a server of node:net, whatever they accept with. */
export function listenBySockets(
  config: ListenTcpConfig,
  begin: BeginAccepting = acceptSockets,
): ListenOn {
  return async (host, handlers) => begin(await listenOnSockets(host, config, handlers), handlers);
}

async function listenOnSockets(
  host: string,
  config: ListenTcpConfig,
  handlers: AcceptHandlers,
): Promise<ListeningServer> {
  const { engine, backlog, passedFd } = config;
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true, // A ping of five bytes must not wait for Nagle's algorithm.
    pauseOnConnect: engine.pausesOnAccept && !readsFirst(config),
    highWaterMark: HIGH_WATER_MARK,
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    // Of a socket that was passed the length of the backlog would be taken from nowhere else.
    if (passedFd === undefined) server.listen(placeOf(host, config));
    else server.listen({ fd: passedFd, exclusive: true }, backlog);
  });
  const kernel = applyToListener(server, config.kernel, engine.native);
  for (const text of kernel.warnings) config.warn(text);
  server.on("error", (error) => handlers.onAcceptFailed(error));
  const address = server.address() as AddressInfo;
  const url = tcpUrl(address.address, address.port, config);
  const kernelOptions = kernel.effective;
  return { server, kernel, config, facts: { url, kind: kindOf(config), kernelOptions } };
}

/** Of those who have not said what they are. */
function kindOf({ kind, webSocketPath }: ListenTcpConfig): TransportKind {
  if (webSocketPath !== undefined) return "websocket";
  return kind === "tcp+tls" ? "tcp" : kind;
}

/** Whether sockets come to the engine by way of node:net's own reads. */
function readsFirst({ upgrade, proxy }: ListenTcpConfig): boolean {
  return upgrade !== undefined || proxy !== undefined;
}

function placeOf(
  host: string,
  { port, backlog, ipv6Only, sharing }: ListenTcpConfig,
): ListenOptions & { readonly reusePort: boolean } {
  return {
    host,
    port,
    backlog,
    ipv6Only,
    exclusive: sharing !== "one-handle",
    reusePort: sharing === "reuse-port",
  };
}

export function tcpUrl(
  host: string,
  port: number,
  { kind, webSocketPath }: ListenTcpConfig,
): string {
  const place = `${urlHost(host)}:${port}`;
  if (webSocketPath === undefined) return `${kind}://${place}`;
  return `${kind === "tls" ? "wss" : "ws"}://${place}${webSocketPath}`;
}

/** Makes a transport of an accepted socket. */
export type AdoptAccepted = TcpEngine["adoptAccepted"];

/** `adopt` is for sockets that are not as node:net makes them. */
export function acceptSockets(
  { server, kernel, facts: acceptor, config }: ListeningServer,
  handlers: AcceptHandlers,
  adopt: AdoptAccepted = (...accepted) => config.engine.adoptAccepted(...accepted),
): Acceptor {
  const { engine, proxy, upgrade } = config;
  const door = proxy === undefined ? undefined : new ProxyDoor(proxy, handlers);
  // Behind a header the first bytes may have been read already, so they have to be looked at.
  const isRead = door !== undefined && engine.pausesOnAccept;
  const facts = tcpFacts(engine, kernel.effective, upgrade ?? (isRead ? NO_UPGRADE : undefined));
  const offer: SocketOffer = {
    canReset: true,
    handlers,
    door,
    adopt: (socket, remote, to) => adopt(socket, facts, remote, to),
  };
  server.on("connection", (socket) => {
    const remote = remoteOf(socket);
    if (remote === undefined) {
      discard(socket, true);
      // Balancers look whether a port is open, and reset at once: that is no fault.
      if (door === undefined) handlers.onAcceptFailed(goneBeforeAccept());
      return;
    }
    kernel.applyToAccepted?.(socket);
    offerSocket(socket, remote, offer);
  });
  return new ServerAcceptor(server, acceptor, () => door?.close());
}

/** Nothing but bytes, whatever comes first. */
const NO_UPGRADE: Upgrade = {
  isOnly: false,
  recognise: () => "no",
  take() {
    throw new Error("broken promise: nothing was recognised");
  },
};

/** Undefined when the connection is gone already, so that the kernel knows no peer any more. */
function remoteOf(socket: Socket): RemoteAddress | undefined {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return ipAddress(remoteAddress, remotePort);
}

export function goneBeforeAccept(): Error {
  const error = new Error("a peer was gone before its connection could be accepted");
  return Object.assign(error, { code: "ECONNABORTED" });
}
