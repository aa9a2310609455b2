/**
 * Where a cluster is going to listen: looked at once by the primary, before any worker exists.
 *
 * Each address is opened alone and closed again. That finds out that it is taken, which workers
 * that share ports with anybody would not, and makes a port of 0 one that all of them can be told.
 */
import { type AddressInfo, createServer, type Server } from "node:net";
import { HoldfastError } from "../base/errors.ts";
import { type ListenAddress, parseListenUrl } from "../server/listen-url.ts";
import { listenFailure, systemCode } from "../transports/listen-failure.ts";
import { removeStale } from "../transports/unix/listen-unix.ts";

const NO_IPV6: readonly (string | undefined)[] = ["EAFNOSUPPORT", "EADDRNOTAVAIL"];

/**
 * Returns the same urls with real ports.
 *
 * @throws HoldfastError `LISTEN_FAILED` where one of them cannot be listened on; `URL_INVALID`.
 */
export async function settlePlaces(urls: readonly string[]): Promise<string[]> {
  const open: Server[] = [];
  try {
    const settled: string[] = [];
    for (const url of urls) {
      const address = parseListenUrl(url);
      if (address.kind === "fd") throw notShared(url);
      if (address.kind === "unix") {
        await settlePath(url, address.path);
        settled.push(url);
      } else {
        const server = await settlePort(url, address);
        open.push(server);
        settled.push(withPort(url, (server.address() as AddressInfo).port));
      }
    }
    narrowUmask(urls);
    return settled;
  } finally {
    await Promise.all(open.map((server) => new Promise((done) => server.close(done))));
  }
}

/** The module of Node that hands a listener around closes it with the last that uses it. */
function notShared(url: string): HoldfastError {
  const why = "a socket that was passed to this process cannot be shared by several; use one";
  return new HoldfastError("LISTEN_FAILED", `cannot listen on ${url}: ${why}`);
}

async function settlePath(url: string, path: string): Promise<void> {
  try {
    await removeStale(path);
  } catch (error) {
    throw listenFailure(url, error);
  }
}

async function settlePort(
  url: string,
  { host, port }: Extract<ListenAddress, { kind: "tcp" }>,
): Promise<Server> {
  try {
    return await listenAlone(host, port);
  } catch (error) {
    if (host !== "::" || !NO_IPV6.includes(systemCode(error))) throw listenFailure(url, error);
  }
  try {
    return await listenAlone("0.0.0.0", port);
  } catch (error) {
    throw listenFailure(url, error);
  }
}

function listenAlone(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

export function withPort(url: string, port: number): string {
  return url.replace(/^([a-z+]+:\/\/(?:\[[^\]]*\]|[^:/]*)):\d+/, `$1:${port}`);
}

/**
 * The primary binds the Unix sockets of its workers, which give each file its permissions in the
 * turn after. Until then nobody may have more of them than any of these urls allows.
 */
function narrowUmask(urls: readonly string[]): void {
  const modes = urls.map(parseListenUrl).flatMap((one) => (one.kind === "unix" ? [one.mode] : []));
  if (modes.length > 0) process.umask(0o777 & ~modes.reduce((all, mode) => all & mode, 0o777));
}
