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
import { offerAccepted } from "../offer-accepted.ts";
import { type AcceptorFacts, ServerAcceptor } from "../server-acceptor.ts";
import { discard, HIGH_WATER_MARK } from "../stream-transport.ts";
import type { AcceptHandlers, Acceptor, Listen, RemoteAddress } from "../transport.ts";
import { applyToListener, type ListenerKernelOptions } from "./kernel-options.ts";
import { tcpFacts } from "./tcp-facts.ts";
import type { ListenTcpConfig } from "./tcp-engine.ts";

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
  const { engine, upgrade, port, backlog, ipv6Only, sharing } = config;
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true, // A ping of five bytes must not wait for Nagle's algorithm.
    pauseOnConnect: engine.pausesOnAccept && upgrade === undefined,
    highWaterMark: HIGH_WATER_MARK,
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const place: ListenOptions & { readonly reusePort: boolean } = {
      host,
      port,
      backlog,
      ipv6Only,
      exclusive: sharing !== "one-handle",
      reusePort: sharing === "reuse-port",
    };
    server.listen(place, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const kernel = applyToListener(server, config.kernel, engine.native);
  for (const text of kernel.warnings) config.warn(text);
  server.on("error", (error) => handlers.onAcceptFailed(error));
  const address = server.address() as AddressInfo;
  const kind = config.webSocketPath === undefined ? config.kind : "websocket";
  const url = tcpUrl(address.address, address.port, config);
  return { server, kernel, config, facts: { url, kind, kernelOptions: kernel.effective } };
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

function acceptSockets(
  { server, kernel, facts: acceptor, config }: ListeningServer,
  handlers: AcceptHandlers,
): Acceptor {
  const { engine, upgrade } = config;
  const facts = tcpFacts(engine, kernel.effective, upgrade);
  server.on("connection", (socket) => {
    const remote = remoteOf(socket);
    if (remote === undefined) {
      discard(socket, true);
      handlers.onAcceptFailed(goneBeforeAccept());
      return;
    }
    kernel.applyToAccepted?.(socket);
    offerAccepted(socket, true, remote, handlers, (to) =>
      engine.adoptAccepted(socket, facts, remote, to),
    );
  });
  return new ServerAcceptor(server, acceptor);
}

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
