/**
 * A server that knows who is alive.
 *
 * This file is the face; what happens behind it is in keeper.ts. It is handed its clock, its chance
 * and its listeners, so the same code runs over sockets and over pretended ones.
 */
import { HoldfastError } from "../base/errors.ts";
import { reporting } from "../base/observation.ts";
import type { Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Acceptor, EffectiveKernelOptions, Listen } from "../transports/transport.ts";
import type {
  CertificateInForce,
  CertificateStore,
} from "../transports/tls/certificates-in-force.ts";
import { readTlsServer, type TlsServerOptions } from "../transports/tls/tls-server-options.ts";
import { Drain } from "./drain.ts";
import { Keeper, type KeeperSurroundings } from "./keeper.ts";
import { dialUrls } from "./listen-url.ts";
import { type CloseOptions, resolveCloseOptions, type ServerConfig } from "./options.ts";
import type { ConnectionInfo, ServerConnection } from "./server-connection.ts";
import type { ServerEvents } from "./server-events.ts";
import type { ServerStats } from "./server-stats.ts";
import type { LimitName, LimitUse } from "./shared-limits.ts";

export interface ServerSurroundings extends KeeperSurroundings {
  readonly listeners: readonly Listen[];
  /** Of the listeners that speak TLS. */
  readonly certificates?: CertificateStore | undefined;
  /** Parts of limits that are shared with other servers, in force from the first newcomer on. */
  readonly parts?: ReadonlyMap<LimitName, number> | undefined;
}

/** What the kernel does for the connections of one listener. */
export interface ListenerKernelOptions extends EffectiveKernelOptions {
  readonly url: string;
}

/**
 * Starts a server on the listeners handed in. Nobody is let in before all of them stand.
 *
 * @throws HoldfastError `LISTEN_FAILED` when one of them cannot listen; then none does.
 */
export async function startServer(
  given: ServerConfig,
  surroundings: ServerSurroundings,
): Promise<Server> {
  const config = { ...given, observe: reporting(given.observe, surroundings.report) };
  const keeper = new Keeper(config, surroundings);
  for (const [name, value] of surroundings.parts ?? []) keeper.sharedLimits.set(name, value);
  const acceptors: Acceptor[] = [];
  try {
    for (const listenOne of surroundings.listeners) acceptors.push(await listenOne(keeper));
  } catch (error) {
    keeper.close();
    await Promise.all(acceptors.map((acceptor) => acceptor.close()));
    throw error;
  }
  for (const text of config.warnings) config.observe({ what: "warning", text });
  keeper.isOpen = true;
  await surroundings.certificates?.watch();
  return new Server(keeper, acceptors, surroundings.certificates);
}

export class Server {
  /**
   * Where it listens, with the real ports: `tcp://[::]:8080`, `unix:/run/x.sock`. A port for plain
   * peers and TLS is there twice, as `tcp://` and as `tls://`: each is what a client dials.
   */
  readonly urls: readonly string[];
  readonly #keeper: Keeper;
  readonly #acceptors: readonly Acceptor[];
  readonly #drain: Drain;
  readonly #certificates: CertificateStore | undefined;

  /** @internal */
  constructor(
    keeper: Keeper,
    acceptors: readonly Acceptor[],
    certificates: CertificateStore | undefined,
  ) {
    this.#certificates = certificates;
    this.urls = acceptors.flatMap(({ url }) => dialUrls(url));
    this.#keeper = keeper;
    this.#acceptors = acceptors;
    this.#drain = new Drain(keeper, acceptors);
  }

  /**
   * Listens, and returns the function that stops listening. There is no event that must be listened
   * to. An error that a listener throws is reported as uncaught and harms no connection.
   *
   * @example
   * server.on("message", (connection, data) => connection.send(data));
   */
  on<Name extends keyof ServerEvents>(
    name: Name,
    listener: (...args: ServerEvents[Name]) => void,
  ): () => void {
    return this.#keeper.events.on(name, listener);
  }

  /** One row for each connection, in order of arrival, all of the same moment. */
  connections(): ConnectionInfo[] {
    const now = this.#keeper.clock.now();
    const inOrder = [...this.#keeper.registry].sort(byArrival);
    return inOrder.map((connection) => connection.infoAt(now));
  }

  /** The connection of that id, or undefined when it has ended or never was. */
  connection(id: string): ServerConnection | undefined {
    return this.#keeper.registry.get(id);
  }

  stats(): ServerStats {
    const { registry, budget, counters, refusing } = this.#keeper;
    return {
      open: registry.size,
      silent: registry.silentCount,
      greeting: registry.greetingCount,
      refusing: refusing.size,
      accepted: counters.accepted,
      ended: counters.ended,
      rejected: counters.rejected,
      acceptFailures: counters.acceptFailures,
      bufferedBytes: budget.bytes,
      bufferedBytesPeak: budget.bytesPeak,
      messagesIn: counters.messagesIn,
      broadcastSkips: counters.broadcastSkips,
      stalls: counters.stalls,
      massExpiries: counters.massExpiries,
      clampedLeases: counters.clampedLeases,
      invalidLines: counters.invalidLines,
      droppedAnswers: counters.droppedAnswers,
    };
  }

  /**
   * The last `recordsMax` end records, newest last. The messages that were not delivered are not
   * kept in them, only their number: the "end" event hands them back.
   */
  records(): EndRecord[] {
    return this.#keeper.records.list();
  }

  /** What the kernel does for accepted connections, for each listener, and how that is known. */
  kernelOptions(): ListenerKernelOptions[] {
    return this.#acceptors.map((acceptor) => ({ url: acceptor.url, ...acceptor.kernelOptions() }));
  }

  /** The certificates that newcomers are shown; none where no url speaks TLS. */
  certificates(): readonly CertificateInForce[] {
    return this.#certificates?.inForce ?? [];
  }

  /**
   * Reads the files of the certificates again, or takes other options. Newcomers are shown the new
   * certificate, open connections go on as they are. Resolves with what is in force now, the
   * certificate for everybody first. Files are watched anyhow, unless `watchFiles` is false.
   *
   * @throws HoldfastError, as rejection: `OPTION_INVALID` for what cannot be read or does not fit
   * together, and where no url speaks TLS; `NOT_OPEN` once the server is closing. What was in force
   * stays so then.
   */
  async reloadTls(options?: TlsServerOptions): Promise<readonly CertificateInForce[]> {
    if (this.#drain.hasBegun) throw new HoldfastError("NOT_OPEN", "reloadTls: it is closing");
    if (this.#certificates === undefined) {
      throw new HoldfastError("OPTION_INVALID", "reloadTls: no url of this server speaks TLS");
    }
    const config = options === undefined ? undefined : readTlsServer("reloadTls", options);
    return await this.#certificates.reload(config);
  }

  /**
   * Sends to every open connection that can take it, and returns how many did. One is skipped, and
   * counted in `stats().broadcastSkips`, when more than `outboxHighWaterBytes` is queued for it
   * already, or when its dialect or its limits do not allow this message.
   *
   * @throws HoldfastError `OPTION_INVALID` for what is neither text nor bytes.
   */
  broadcast(data: Message): number {
    return this.#keeper.broadcast(data);
  }

  /**
   * Stops accepting, tells every peer to go, waits up to `graceMs` for them to leave (5 s by
   * default: most peers leave at once), then ends the rest with `DRAINED`. Resolves when no
   * connection, socket or timer of this server is left. Called again, it ends the rest at once.
   *
   * @throws HoldfastError `OPTION_INVALID` for a wrong option, before anything happens.
   */
  async close(options?: CloseOptions): Promise<void> {
    const { graceMs } = resolveCloseOptions(options);
    const isSecond = this.#drain.hasBegun;
    this.#certificates?.close();
    const over = this.#drain.begin(graceMs);
    if (isSecond) this.#drain.hurry();
    await over;
  }

  /** Ends everything at once. Resolves when nothing of this server is left. */
  async destroy(): Promise<void> {
    this.#certificates?.close();
    const over = this.#drain.begin(0);
    this.#drain.hurry();
    await over;
  }

  /** @internal By how much the timer that watches over all connections is overdue. */
  reaperLateMs(): number {
    return this.#keeper.reaperLateMs;
  }

  /** @internal Changes this server's part of a limit. Returns what holds now. */
  setLimit(name: LimitName, value: number): number {
    return this.#keeper.sharedLimits.set(name, value);
  }

  /** @internal What of the limits is in use. */
  limitUses(): LimitUse[] {
    const { sharedLimits, counters, clock } = this.#keeper;
    return sharedLimits.uses(counters.accepted, clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function byArrival(one: ServerConnection, other: ServerConnection): number {
  return one.driven.openedAt - other.driven.openedAt;
}
