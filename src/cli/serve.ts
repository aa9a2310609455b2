/**
 * `holdfast serve`: a server at a terminal, that tells what it sees.
 *
 * The first SIGINT or SIGTERM drains (peers are told and get a grace period), the second ends at
 * once. When the reader of stdout goes away, nobody is left to tell: that drains, too.
 * A service manager is told of all of it (serve-service.ts).
 */
import { isHoldfastError } from "../base/errors.ts";
import type { Cancel } from "../base/time.ts";
import type { ServiceManager } from "../ops/service/service-manager.ts";
import { listen } from "../server/listen.ts";
import type { Server } from "../server/server.ts";
import { onEndSignals } from "./end-signals.ts";
import { jsonLine } from "./json-line.ts";
import { Outlet } from "./outlet.ts";
import { healthOf, type ServiceTies, tieToService } from "./serve-service.ts";
import { listenOptions, type ServeSettings } from "./serve-settings.ts";
import { startFailure, tellStart, tellSummary } from "./serve-start.ts";
import { Telling } from "./serve-telling.ts";
import { serveWithWorkers } from "./serve-workers.ts";
import { EXIT_DONE, type Surroundings } from "./surroundings.ts";
import { connectionTable } from "./table.ts";
import { UsageError } from "./usage-error.ts";

export async function serveCommand(
  settings: ServeSettings,
  surroundings: Surroundings,
): Promise<number> {
  if (settings.echo && settings.broadcast) {
    throw new UsageError("--echo and --broadcast: expected one of the two, got both");
  }
  const ties = tieToService(settings, surroundings);
  if (settings.workers !== undefined) return await serveWithWorkers(ties, surroundings);
  const session = new ServeSession(ties, surroundings);
  return await session.run();
}

class ServeSession {
  readonly #ties: ServiceTies;
  readonly #settings: ServeSettings;
  readonly #surroundings: Surroundings;
  readonly #stdout: Outlet;
  readonly #telling: Telling;
  readonly #startedAtWallMs: number;
  readonly #cancels: Cancel[] = [];
  #stop: () => void = () => {};
  #isStopping = false;
  #service: ServiceManager | undefined;

  constructor(ties: ServiceTies, surroundings: Surroundings) {
    const { settings } = ties;
    this.#ties = ties;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#startedAtWallMs = surroundings.clock.wallNow();
    this.#stdout = new Outlet(surroundings.stdout, () => this.#stop());
    this.#telling = new Telling({
      settings,
      clock: surroundings.clock,
      isTerminal: this.#stdout.isTerminal,
      write: (line) => this.#stdout.line(line),
    });
  }

  async run(): Promise<number> {
    const asked = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    const cut = this.#untilSecondSignal();
    for (const note of this.#ties.notes) this.#telling.notice(note);
    const server = await this.#open();
    try {
      this.#service = await this.#ties.open((text) => this.#telling.notice(text));
      const { urls } = server;
      const kernel = server.kernelOptions();
      const certificates = server.certificates();
      const started = { urls, kernel, certificates };
      tellStart(started, this.#settings, this.#surroundings, this.#stdout);
      this.#listenTo(server);
      this.#service?.ready(() => healthOf(server.stats(), server.reaperLateMs()));
      await Promise.race([asked, cut]);
      return await Promise.race([cut, this.#drain(server)]);
    } finally {
      for (const cancel of this.#cancels) cancel();
      void this.#service?.close();
      // Nothing is left after a drain; after a second signal nobody waits.
      void server.destroy();
    }
  }

  /** The first signal asks for a drain. The second resolves, with the exit code. */
  #untilSecondSignal(): Promise<number> {
    return new Promise((resolve) => {
      const cancel = onEndSignals(this.#surroundings, (exitCode) => {
        if (this.#isStopping) resolve(exitCode);
        this.#isStopping = true;
        this.#stop();
      });
      this.#cancels.push(cancel);
    });
  }

  async #open(): Promise<Server> {
    try {
      return await listen({
        ...listenOptions(this.#settings, this.#surroundings.env["HOLDFAST_TLS_PASSPHRASE"]),
        observe: (observation) => this.#telling.onObservation(observation),
      });
    } catch (error) {
      for (const cancel of this.#cancels) cancel();
      throw startFailure(error);
    }
  }

  #listenTo(server: Server): void {
    this.#telling.listenTo(server);
    this.#cancels.push(this.#surroundings.onSignal("SIGUSR2", () => this.#tellTable(server)));
    const mayReload = server.certificates().length > 0 || this.#service !== undefined;
    if (!mayReload) return; // Then it ends the process, as ever.
    this.#cancels.push(this.#surroundings.onSignal("SIGHUP", () => void this.#reload(server)));
  }

  /** What is in force then is told by an observation. */
  async #reload(server: Server): Promise<void> {
    this.#service?.reloading();
    try {
      if (server.certificates().length > 0) await server.reloadTls();
      else this.#telling.notice("nothing is read again: no url speaks TLS");
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#telling.notice(`the certificate in force stays: ${error.message}`);
    } finally {
      this.#service?.reloaded();
    }
  }

  #tellTable(server: Server): void {
    const rows = server.connections();
    if (!this.#settings.json) return this.#stdout.line(connectionTable(rows));
    const time = new Date(this.#surroundings.clock.wallNow()).toISOString();
    for (const row of rows) {
      this.#stdout.line(jsonLine({ time, event: "row", ...row }));
    }
  }

  async #drain(server: Server): Promise<number> {
    this.#isStopping = true;
    const { open } = server.stats();
    this.#service?.stopping(`draining: ${open} open`);
    if (open > 0) {
      this.#telling.notice(`draining: ${open} open; the same signal again ends at once`);
    }
    await server.close();
    // The process ends right after this, and would take with it what is still to be said.
    await this.#service?.close();
    const stats = server.stats();
    tellSummary(stats, this.#startedAtWallMs, this.#settings, this.#surroundings, this.#stdout);
    await this.#stdout.flushed();
    return EXIT_DONE;
  }
}
