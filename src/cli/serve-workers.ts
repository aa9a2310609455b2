/**
 * `holdfast serve --workers`: the primary, which serves nobody and tells what its workers tell.
 *
 * To the outside it is one `holdfast serve`: one start, one stream of whole lines, one table, one
 * summary, the same signals and exit codes. SIGHUP replaces the workers one after the other.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isHoldfastError } from "../base/errors.ts";
import type { Cancel } from "../base/time.ts";
import { Cluster, type ClusterConfig } from "../cluster/cluster.ts";
import { addressPart } from "../cluster/limit-board.ts";
import { settlePlaces } from "../cluster/places.ts";
import { systemRandom } from "../driver/system.ts";
import type { ServiceManager } from "../ops/service/service-manager.ts";
import { readDescriptorLimit } from "../server/descriptor-limit.ts";
import { type ListenConfig, resolveListen } from "../server/options.ts";
import { systemCode } from "../transports/listen-failure.ts";
import { onEndSignals } from "./end-signals.ts";
import { jsonLine } from "./json-line.ts";
import { Outlet } from "./outlet.ts";
import { healthOf, type ServiceTies } from "./serve-service.ts";
import { listenOptions, type ServeSettings } from "./serve-settings.ts";
import { startFailure, tellStart, tellSummary } from "./serve-start.ts";
import { type ServeWork, WORKER_COMMAND } from "./serve-worker.ts";
import { EXIT_DONE, type Surroundings } from "./surroundings.ts";
import { connectionTable } from "./table.ts";
import { UsageError } from "./usage-error.ts";
import { changeLine } from "./worker-lines.ts";

/** A port that the system chose may be somebody else's by the time the workers take it. */
const START_TRIES_MAX = 3;

export async function serveWithWorkers(
  ties: ServiceTies,
  surroundings: Surroundings,
): Promise<number> {
  if (ties.settings.broadcast) {
    throw new UsageError("--broadcast reaches one process only: leave out --workers");
  }
  return await new WorkersSession(ties, surroundings).run();
}

class WorkersSession {
  readonly #ties: ServiceTies;
  readonly #settings: ServeSettings;
  readonly #surroundings: Surroundings;
  readonly #stdout: Outlet;
  readonly #startedAtWallMs: number;
  readonly #cancels: Cancel[] = [];
  #drained: Promise<void> | undefined;
  #isStopping = false;
  #exitCode = EXIT_DONE;
  #service: ServiceManager | undefined;
  #stop: () => void = () => {};
  readonly #asked: Promise<void> = new Promise((resolve) => {
    this.#stop = resolve;
  });

  constructor(ties: ServiceTies, surroundings: Surroundings) {
    this.#ties = ties;
    this.#settings = ties.settings;
    this.#surroundings = surroundings;
    this.#startedAtWallMs = surroundings.clock.wallNow();
    this.#stdout = new Outlet(surroundings.stdout, () => this.#stop());
  }

  async run(): Promise<number> {
    let cluster: Cluster | undefined;
    this.#on("SIGHUP", () => {
      if (cluster !== undefined) this.#service?.reloading();
      cluster?.roll();
    });
    this.#on("SIGUSR2", () => void this.#tellTable(cluster));
    const cut = this.#untilSecondSignal();
    for (const note of this.#ties.notes) this.#notice(note);
    try {
      const started = await Promise.race([this.#start(), cut]);
      // Workers that are coming up find nobody there, and go.
      if (typeof started === "number") return started;
      cluster = started;
      this.#service = await this.#ties.open((text) => this.#notice(text));
      const { listening, workers } = cluster;
      const { urls, kernel, certificates } = listening;
      const facts = { urls, kernel, certificates, workers };
      tellStart(facts, this.#settings, this.#surroundings, this.#stdout);
      // One worker that stands still is as bad as a process alone that does.
      const lateMs = (): number => (started.silentCount > 0 ? Number.POSITIVE_INFINITY : 0);
      this.#service?.ready(() => healthOf(started.stats(), lateMs()));
      await Promise.race([this.#asked, cut]);
      return await Promise.race([this.#cutShort(cut, cluster), this.#drain(cluster)]);
    } finally {
      for (const cancel of this.#cancels) cancel();
      void this.#service?.close();
    }
  }

  #on(name: "SIGHUP" | "SIGUSR2", listener: () => void): void {
    this.#cancels.push(this.#surroundings.onSignal(name, listener));
  }

  /** The first signal asks for a drain. The second resolves, with the exit code. */
  #untilSecondSignal(): Promise<number> {
    return new Promise((resolve) => {
      const cancel = onEndSignals(this.#surroundings, (exitCode) => {
        if (this.#isStopping) {
          this.#exitCode = exitCode;
          resolve(exitCode);
        }
        this.#isStopping = true;
        this.#stop();
      });
      this.#cancels.push(cancel);
    });
  }

  async #start(): Promise<Cluster> {
    const hasOpenPort = this.#settings.listen.some((url) => /:0+(?:\/|$)/.test(url));
    for (let tries = 1; ; tries++) {
      try {
        return await this.#startOnce();
      } catch (error) {
        const isTaken = isHoldfastError(error) && error.message.includes("(EADDRINUSE)");
        const wasOurs = systemCode(isHoldfastError(error) ? error.cause : error) === undefined;
        if (!hasOpenPort || !isTaken || !wasOurs || tries >= START_TRIES_MAX) {
          throw startFailure(error);
        }
      }
    }
  }

  async #startOnce(): Promise<Cluster> {
    const config = await this.#clusterConfig();
    const { clock } = this.#surroundings;
    return await Cluster.start(config, {
      clock,
      random: systemRandom,
      writeLines: (_, text) => this.#writeLines(text),
      onChange: (change) => {
        if (change.what === "roll" && change.phase !== "begins") this.#service?.reloaded();
        const line = changeLine(change, this.#settings.json, clock.wallNow());
        if (line !== undefined) this.#stdout.line(line);
      },
    });
  }

  async #clusterConfig(): Promise<ClusterConfig> {
    const workers = countOf(this.#settings.workers);
    const { env } = this.#surroundings;
    const options = listenOptions(this.#settings, env["HOLDFAST_TLS_PASSPHRASE"]);
    // Whatever is wrong with the options is found here, once.
    const asked = resolveListen(options, readDescriptorLimit());
    const own = resolveListen({ ...options, maxConnections: undefined }, readDescriptorLimit());
    const totals = totalsOf(asked, this.#settings, workers);
    const listen = await settlePlaces(this.#settings.listen);
    const { perAddress } = totals;
    const maxPerAddress =
      perAddress === undefined ? this.#settings.maxPerAddress : addressPart(perAddress, workers);
    const settings: ServeSettings = { ...this.#settings, listen, maxPerAddress };
    const work: ServeWork = { settings, isTerminal: this.#stdout.isTerminal };
    const { maxConnections } = own.server;
    return {
      workers,
      program: { file: fileURLToPath(new URL("main.js", import.meta.url)), args: [WORKER_COMMAND] },
      work,
      totals,
      connectionsPerWorkerMax: maxConnections === false ? 1 : maxConnections,
    };
  }

  /** One wait for all, however many workers have to wait. */
  #writeLines(text: string): Promise<void> | undefined {
    if (this.#stdout.write(text)) return undefined;
    this.#drained ??= this.#stdout.drained().finally(() => {
      this.#drained = undefined;
    });
    return this.#drained;
  }

  async #tellTable(cluster: Cluster | undefined): Promise<void> {
    if (cluster === undefined) return;
    const { rows, missing } = await cluster.connections();
    if (this.#settings.json) {
      const time = new Date(this.#surroundings.clock.wallNow()).toISOString();
      for (const row of rows) this.#stdout.line(jsonLine({ time, event: "row", ...row }));
    } else {
      this.#stdout.line(connectionTable(rows));
    }
    for (const worker of missing) this.#notice(`w${worker} does not answer; its rows are missing`);
  }

  /** A second signal: nobody waits for peers any more, but for the processes. */
  async #cutShort(cut: Promise<number>, cluster: Cluster): Promise<number> {
    const exitCode = await cut;
    await cluster.close({ atOnce: true });
    return exitCode;
  }

  async #drain(cluster: Cluster): Promise<number> {
    this.#isStopping = true;
    const { open } = cluster.stats();
    this.#service?.stopping(`draining: ${open} open`);
    if (open > 0) this.#notice(`draining: ${open} open; the same signal again ends at once`);
    await cluster.close({ atOnce: false });
    // The process ends right after this, and would take with it what is still to be said.
    await this.#service?.close();
    const stats = cluster.stats();
    tellSummary(stats, this.#startedAtWallMs, this.#settings, this.#surroundings, this.#stdout);
    await this.#stdout.flushed();
    return this.#exitCode;
  }

  #notice(text: string): void {
    const wallMs = this.#surroundings.clock.wallNow();
    const line = changeLine({ what: "notice", text }, this.#settings.json, wallMs);
    if (line !== undefined) this.#stdout.line(line);
  }
}

function countOf(workers: ServeSettings["workers"]): number {
  return workers === undefined || workers === "auto"
    ? Math.min(256, availableParallelism())
    : workers;
}

/**
 * What is shared. Places that nobody asked for are not: each process has as many as the system
 * gives it descriptors for.
 */
function totalsOf(
  { server }: ListenConfig,
  settings: ServeSettings,
  workers: number,
): ClusterConfig["totals"] {
  const asked = (value: number | false): number | undefined =>
    value === false ? undefined : value;
  const totals = {
    connections: settings.maxConnections === undefined ? undefined : asked(server.maxConnections),
    rate: asked(server.acceptPerSecondMax),
    buffer: server.bufferBytesTotalMax,
    perAddress: asked(server.maxPerAddress),
  };
  const smallest = [
    ["--max-connections", totals.connections, workers],
    ["--accept-rate", totals.rate, workers],
    // During a rolling restart there is one process more.
    ["--max-per-address", totals.perAddress, workers + 1],
  ] as const;
  for (const [flag, value, least] of smallest) {
    if (value === undefined || value >= least) continue;
    throw new UsageError(
      `${flag}: expected at least ${least}, since ${workers} workers share it, got ${value}`,
    );
  }
  return totals;
}
