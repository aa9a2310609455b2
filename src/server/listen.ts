/** The door for servers: binds the keeper to real sockets, the real clock and real chance. */
import { HoldfastError } from "../base/errors.ts";
import { pooledSecrets, reportUncaught, systemClock, systemRandom } from "../driver/system.ts";
import { chooseEngine } from "../transports/tcp/choose-engine.ts";
import { listenTcp } from "../transports/tcp/listen-tcp.ts";
import type { TcpEngine } from "../transports/tcp/tcp-engine.ts";
import type { Listen } from "../transports/transport.ts";
import { listenUnix } from "../transports/unix/listen-unix.ts";
import { readDescriptorLimit } from "./descriptor-limit.ts";
import type { ListenAddress } from "./listen-url.ts";
import { type ListenConfig, type ListenOptions, resolveListen } from "./options.ts";
import { type Server, startServer } from "./server.ts";

/** What the kernel keeps until it is accepted. The system caps it (somaxconn, 4,096 on Linux). */
const BACKLOG = 4_096;

/**
 * Starts a server. Resolves when it listens everywhere; nobody is let in before.
 *
 * @throws HoldfastError `OPTION_INVALID` and `URL_INVALID` for what cannot be meant;
 * `LISTEN_FAILED` when an address is in use, not allowed or not there, with the system's error as
 * its `cause`.
 *
 * @example
 * const server = await listen({ port: 8080, timeoutMs: 60_000 });
 * server.on("message", (connection, data) => connection.send(data));
 * server.on("end", (connection, record) => console.log(record.sentence));
 */
export async function listen(options: ListenOptions): Promise<Server> {
  const config = resolveListen(options, readDescriptorLimit());
  const usesTcp = config.addresses.some(({ kind }) => kind === "tcp");
  const engine = usesTcp ? await engineFor(config) : undefined;
  return await startServer(config.server, {
    clock: systemClock,
    random: systemRandom,
    secrets: pooledSecrets(),
    report: reportUncaught,
    listeners: config.addresses.map((address) => listenerFor(address, config, engine)),
  });
}

/** A wish that cannot be met here is worth a warning, not a refusal. */
async function engineFor({ engine: wanted, server }: ListenConfig): Promise<TcpEngine> {
  const { engine, why } = await chooseEngine(wanted);
  if (wanted === "shared" && engine.name !== "shared") {
    server.observe({ what: "warning", text: `\`engine\` is "${engine.name}" here: ${why}` });
  }
  return engine;
}

function listenerFor(
  address: ListenAddress,
  { kernel, server, webSocket }: ListenConfig,
  engine: TcpEngine | undefined,
): Listen {
  if (webSocket.accepted !== "no") throw new HoldfastError("LISTEN_FAILED", "not in this version");
  if (address.kind === "unix" || engine === undefined) {
    const { path, mode } = address as ListenAddress & { kind: "unix" };
    return listenUnix({ path, mode, backlog: BACKLOG, overwriteAfterRead: false });
  }
  if (address.secure || address.webSocketPath !== undefined) {
    throw new HoldfastError("LISTEN_FAILED", "not in this version");
  }
  return listenTcp({
    host: address.host,
    port: address.port,
    backlog: BACKLOG,
    ipv6Only: false,
    kernel,
    engine,
    warn: (text) => server.observe({ what: "warning", text }),
  });
}
