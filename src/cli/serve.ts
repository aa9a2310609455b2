/**
 * `holdfast serve`: a server at a terminal, that tells what it sees.
 *
 * The first SIGINT or SIGTERM drains (peers are told and get a grace period), the second ends at
 * once. When the reader of stdout goes away, nobody is left to tell: that drains, too.
 */
import { printable } from "../base/printable.ts";
import { isHoldfastError } from "../base/errors.ts";
import type { Observation } from "../base/observation.ts";
import type { Cancel } from "../base/time.ts";
import type { Message } from "../connection/effects.ts";
import { listen } from "../server/listen.ts";
import type { Server } from "../server/server.ts";
import type { ServerConnection } from "../server/server-connection.ts";
import { TERMINAL_CHARACTERS_MAX } from "./connect-view.ts";
import { onEndSignals } from "./end-signals.ts";
import { jsonLine } from "./json-line.ts";
import { kernelText } from "./kernel-lines.ts";
import { Outlet } from "./outlet.ts";
import { clockText, type Report, reportJson, reportText } from "./report-lines.ts";
import { listenOptions, type ServeSettings } from "./serve-settings.ts";
import { certificateText, startLines, summaryLines } from "./serve-lines.ts";
import { EXIT_DONE, type Surroundings } from "./surroundings.ts";
import { connectionTable } from "./table.ts";
import { CommandFailure, UsageError } from "./usage-error.ts";

export async function serveCommand(
  settings: ServeSettings,
  surroundings: Surroundings,
): Promise<number> {
  if (settings.echo && settings.broadcast) {
    throw new UsageError("--echo and --broadcast: expected one of the two, got both");
  }
  const session = new ServeSession(settings, surroundings);
  return await session.run();
}

class ServeSession {
  readonly #settings: ServeSettings;
  readonly #surroundings: Surroundings;
  readonly #stdout: Outlet;
  readonly #startedAtWallMs: number;
  readonly #cancels: Cancel[] = [];
  #stop: () => void = () => {};
  #isStopping = false;

  constructor(settings: ServeSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#startedAtWallMs = surroundings.clock.wallNow();
    this.#stdout = new Outlet(surroundings.stdout, () => this.#stop());
  }

  async run(): Promise<number> {
    const asked = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    const cut = this.#untilSecondSignal();
    const server = await this.#open();
    try {
      this.#tellStart(server);
      this.#listenTo(server);
      await Promise.race([asked, cut]);
      return await Promise.race([cut, this.#drain(server)]);
    } finally {
      for (const cancel of this.#cancels) cancel();
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
        observe: (observation) => this.#onObservation(observation),
      });
    } catch (error) {
      for (const cancel of this.#cancels) cancel();
      if (!isHoldfastError(error) || error.code !== "LISTEN_FAILED") throw error;
      const sentence = printable(error.message);
      const advice = "choose another address";
      const told = sentence.includes(advice) ? sentence : `${sentence}; ${advice}`;
      throw new CommandFailure(told.replace(advice, `${advice} with --listen`), { cause: error });
    }
  }

  #tellStart(server: Server): void {
    const { env, clock } = this.#surroundings;
    if (this.#settings.json) {
      const time = new Date(clock.wallNow()).toISOString();
      const kernel = server.kernelOptions();
      const certificates = server.certificates();
      const isTls = certificates.length > 0;
      const fields = { urls: server.urls, kernel, ...(isTls ? { certificates } : {}) };
      this.#stdout.line(jsonLine({ time, event: "listening", ...fields }));
      return;
    }
    const program = env["npm_lifecycle_event"] === undefined ? "holdfast" : "npx holdfast";
    for (const line of startLines(server.urls, this.#settings, program)) this.#stdout.line(line);
    for (const certificate of server.certificates()) {
      const host = certificate.host === undefined ? "" : `${certificate.host}: `;
      const text = certificateText(certificate, clock.wallNow());
      this.#stdout.line(`certificate: ${host}${text}`);
    }
    for (const options of server.kernelOptions()) {
      if (/^(?:t(?:cp|ls)|wss?):/.test(options.url))
        this.#stdout.line(`kernel:      ${kernelText(options)}`);
    }
  }

  #listenTo(server: Server): void {
    const { verbose } = this.#settings;
    server.on("accepted", (address, id) => this.#tell({ event: "accepted", id, address }));
    server.on("connection", ({ id, remote, dialect }) =>
      this.#tell({ event: "open", id, address: remote, dialect }),
    );
    server.on("message", (connection, data) => this.#onMessage(server, connection, data));
    server.on("verdict", ({ id, dialect }, verdict, was) => {
      // `slow` comes and goes with every large message.
      const matters = verdict === "suspect" || was === "suspect";
      if (verdict !== "dead" && (verbose || matters)) {
        this.#tell({ event: "verdict", id, dialect, verdict, was });
      }
    });
    if (verbose) server.on("beat", ({ id }, beat) => this.#tell({ event: "beat", id, beat }));
    server.on("end", (_, record) => this.#tell({ event: "end", record }));
    server.on("rejected", (code, address) => this.#tell({ event: "rejected", code, address }));
    this.#cancels.push(this.#surroundings.onSignal("SIGUSR2", () => this.#tellTable(server)));
    if (server.certificates().length === 0) return; // Then it ends the process, as ever.
    this.#cancels.push(this.#surroundings.onSignal("SIGHUP", () => void this.#reload(server)));
  }

  /** What is in force then is told by an observation. */
  async #reload(server: Server): Promise<void> {
    try {
      await server.reloadTls();
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#notice(`the certificate in force stays: ${error.message}`);
    }
  }

  #onMessage(server: Server, connection: ServerConnection, data: Message): void {
    this.#tell({ event: "message", id: connection.id, data });
    if (this.#settings.broadcast) server.broadcast(data);
    if (!this.#settings.echo) return;
    try {
      connection.send(data);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#tell({ event: "notice", text: `not sent back to ${connection.id}: ${error.message}` });
    }
  }

  #onObservation(observation: Observation): void {
    switch (observation.what) {
      case "rejected":
        // The event of the same name tells it.
        return;
      case "accept-failed":
        return this.#notice(`the system accepted no connection: ${observation.error.message}`);
      case "stall": {
        const what = observation.suspended ? "was suspended for" : "was late by";
        return this.#notice(`this process ${what} ${Math.round(observation.lateMs)} ms`);
      }
      case "mass-expiry":
        return this.#notice(
          `${observation.held} of ${observation.live} expired together; they get a second look`,
        );
      case "warning":
        return this.#notice(observation.text);
      case "tls-reloaded": {
        const { subject, validToWallMs } = observation;
        const left = certificateText(
          { subject, validToWallMs },
          this.#surroundings.clock.wallNow(),
        );
        return this.#notice(`new certificate in force: ${left}; open connections go on`);
      }
      default:
        observation satisfies never;
    }
  }

  #notice(text: string): void {
    this.#tell({ event: "notice", text });
  }

  #tell(report: Report): void {
    const wallMs = this.#surroundings.clock.wallNow();
    const charactersMax = this.#stdout.isTerminal
      ? TERMINAL_CHARACTERS_MAX
      : Number.POSITIVE_INFINITY;
    this.#stdout.line(
      this.#settings.json
        ? reportJson(report, wallMs, charactersMax)
        : reportText(report, clockText(wallMs)),
    );
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
    const open = server.connections().length;
    if (open > 0) this.#notice(`draining: ${open} open; the same signal again ends at once`);
    await server.close();
    const stats = server.stats();
    const now = this.#surroundings.clock.wallNow();
    const uptimeMs = now - this.#startedAtWallMs;
    if (this.#settings.json) {
      const time = new Date(now).toISOString();
      this.#stdout.line(jsonLine({ time, event: "summary", uptimeMs, ...stats }));
    } else {
      for (const line of summaryLines(stats, uptimeMs)) this.#stdout.line(line);
    }
    await this.#stdout.flushed();
    return EXIT_DONE;
  }
}
