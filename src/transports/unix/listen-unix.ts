/**
 * A listener on a Unix socket.
 *
 * The file has its permissions from the moment it exists: the process's umask is narrowed around
 * the bind, which node:net makes synchronously, and widened again before anything else runs. Where
 * the umask cannot be changed (worker threads), the permissions follow in the same turn.
 *
 * What stands at the path is removed only if it is a socket (lstat: never through a link) at which
 * nobody answers. libuv unlinks the path when the listener closes.
 */
import { chmodSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { UNIX_ADDRESS } from "../address.ts";
import { readFirst, takeAtOnce } from "../first-bytes.ts";
import { listenFailure, systemCode } from "../listen-failure.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import { offerSocket, type SocketOffer } from "../proxied/offer-proxied.ts";
import { ProxyDoor, type ProxyRules } from "../proxied/proxy-door.ts";
import { passedFailure } from "../passed-socket.ts";
import { ServerAcceptor } from "../server-acceptor.ts";
import type { StreamFacts, Upgrade } from "../stream-facts.ts";
import { HIGH_WATER_MARK, StreamTransport } from "../stream-transport.ts";
import type {
  AcceptHandlers,
  Acceptor,
  Listen,
  RemoteAddress,
  Transport,
  TransportHandlers,
} from "../transport.ts";
import { unixFacts } from "./unix-facts.ts";

export interface ListenUnixConfig {
  readonly path: string;
  /** Permissions of the file, such as 0o600. Who may write to it may connect. */
  readonly mode: number;
  /** Connections that the kernel keeps until they are accepted. */
  readonly backlog: number;
  /** What else than bytes may be asked for. */
  readonly upgrade: Upgrade | undefined;
  /** Undefined: peers come by themselves. Else a balancer has to say first for whom it speaks. */
  readonly proxy?: ProxyRules | undefined;
  /** A socket that is bound already; whoever made it has settled who may connect. */
  readonly passedFd?: number | undefined;
  /** Whether processes share it through the cluster module of Node. */
  readonly isShared?: boolean | undefined;
  /** For tests: lent bytes are overwritten after each `onBytes`. */
  readonly overwriteAfterRead: boolean;
}

export function listenUnix(config: ListenUnixConfig): Listen {
  return async (handlers) => {
    const { passedFd } = config;
    try {
      // Of a shared one the first process has made sure, and it is not stale.
      const isNew = config.isShared !== true && passedFd === undefined;
      if (isNew) await removeStale(config.path);
      return await listenOn(config, handlers);
    } catch (error) {
      if (passedFd !== undefined) throw passedFailure(passedFd, error);
      throw listenFailure(`unix:${config.path}`, error);
    }
  };
}

async function listenOn(config: ListenUnixConfig, handlers: AcceptHandlers): Promise<Acceptor> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: HIGH_WATER_MARK });
  await bind(server, config);
  server.on("error", (error) => handlers.onAcceptFailed(error));
  const { door } = acceptFrom(server, config, handlers);
  const facts = {
    url: `unix:${config.path}`,
    kind: "unix",
    kernelOptions: NO_KERNEL_OPTIONS,
  } as const;
  return new ServerAcceptor(server, facts, () => door?.close());
}

function bind(server: Server, config: ListenUnixConfig): Promise<void> {
  const { path, mode, backlog, passedFd, isShared = false } = config;
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    if (passedFd !== undefined) {
      server.listen({ fd: passedFd, exclusive: true }, backlog);
      return;
    }
    const restore = narrowUmask(mode);
    try {
      // In a cluster the primary binds, later, and with its own umask, which it has narrowed.
      server.listen({ path, backlog, exclusive: !isShared });
    } finally {
      restore?.();
    }
    if (isShared) server.once("listening", () => chmodSync(path, mode));
    else if (server.listening && restore === undefined) chmodSync(path, mode);
  });
}

/** Undefined where the umask is not ours to change. */
function narrowUmask(mode: number): (() => void) | undefined {
  try {
    const before = process.umask(0o777 & ~mode);
    return () => void process.umask(before);
  } catch {
    // Worker threads may not change what belongs to the whole process.
    return undefined;
  }
}

export async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    // libuv says EACCES for it, as Windows does.
    if (!existsSync(dirname(path))) throw systemError("ENOENT", "no such directory");
    return;
  }
  if (!found.isSocket()) {
    throw systemError(
      "EEXIST",
      "something that is no socket stands there, and is not removed; choose another path",
    );
  }
  if (!(await refuses(path))) return; // Listening will fail, and say that it is in use.
  const now = lstatSync(path, { throwIfNoEntry: false });
  // Only what refused is removed, not what somebody put there meanwhile.
  if (now?.ino === found.ino && now.dev === found.dev) unlinkSync(path);
}

function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error) => resolve(systemCode(error) === "ECONNREFUSED"));
  });
}

function systemError(code: string, text: string): Error {
  return Object.assign(new Error(text), { code });
}

function acceptFrom(
  server: Server,
  config: ListenUnixConfig,
  handlers: AcceptHandlers,
): SocketOffer {
  const { overwriteAfterRead, proxy, upgrade } = config;
  const facts = unixFacts(overwriteAfterRead, upgrade);
  const offer: SocketOffer = {
    canReset: false,
    handlers,
    door: proxy === undefined ? undefined : new ProxyDoor(proxy, handlers),
    adopt: (socket, remote, to) => adopt(socket, facts, remote, to),
  };
  server.on("connection", (socket) => offerSocket(socket, UNIX_ADDRESS, offer));
  return offer;
}

function adopt(
  socket: Socket,
  facts: StreamFacts,
  remote: RemoteAddress,
  to: TransportHandlers,
): Transport {
  const taken = takeAtOnce(socket, facts, remote, undefined, to);
  if (taken !== undefined) return taken;
  const transport = new StreamTransport(socket, facts, remote, to);
  readFirst(socket, facts);
  return transport;
}
