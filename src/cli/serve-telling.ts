/** What `holdfast serve` tells of one server, in lines, whoever writes them. */
import { isHoldfastError } from "../base/errors.ts";
import type { Observation } from "../base/observation.ts";
import type { Clock } from "../base/time.ts";
import type { Message } from "../connection/effects.ts";
import type { Server } from "../server/server.ts";
import type { ServerConnection } from "../server/server-connection.ts";
import { TERMINAL_CHARACTERS_MAX } from "./connect-view.ts";
import { clockText, type Report, reportJson, reportText } from "./report-lines.ts";
import { certificateText } from "./serve-lines.ts";
import type { ServeSettings } from "./serve-settings.ts";

export interface Voice {
  readonly settings: ServeSettings;
  readonly clock: Clock;
  /** Whether a person reads it at a terminal. */
  readonly isTerminal: boolean;
  /** Which worker this is, where there are any. */
  readonly worker?: number | undefined;
  write(line: string, event: Report["event"]): void;
}

export class Telling {
  readonly #voice: Voice;

  constructor(voice: Voice) {
    this.#voice = voice;
  }

  listenTo(server: Server): void {
    const { events, verbose } = this.#voice.settings;
    server.on("message", (connection, data) => this.#onMessage(server, connection, data));
    if (events === "none") return;
    server.on("end", (_, record) => this.tell({ event: "end", record }));
    server.on("rejected", (code, address, detail) =>
      this.tell({ event: "rejected", code, address, detail }),
    );
    if (events === "ends") return;
    server.on("accepted", (address, id) => {
      const via = server.connection(id)?.proxied?.via;
      this.tell({ event: "accepted", id, address, via });
    });
    server.on("connection", (connection) => {
      const { id, address, transport, tls, dialect } = connection.info();
      this.tell({ event: "open", id, address, transport, tls, dialect });
    });
    server.on("verdict", ({ id, dialect }, verdict, was) => {
      // `slow` comes and goes with every large message.
      const matters = verdict === "suspect" || was === "suspect";
      if (verdict !== "dead" && (verbose || matters)) {
        this.tell({ event: "verdict", id, dialect, verdict, was });
      }
    });
    if (verbose) server.on("beat", ({ id }, beat) => this.tell({ event: "beat", id, beat }));
  }

  #onMessage(server: Server, connection: ServerConnection, data: Message): void {
    const { echo, broadcast, events } = this.#voice.settings;
    if (events === "all") this.tell({ event: "message", id: connection.id, data });
    if (broadcast) server.broadcast(data);
    if (!echo) return;
    try {
      connection.send(data);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.notice(`not sent back to ${connection.id}: ${error.message}`);
    }
  }

  onObservation(observation: Observation): void {
    switch (observation.what) {
      case "rejected":
        // The event of the same name tells it.
        return;
      case "accept-failed":
        return this.notice(`the system accepted no connection: ${observation.error.message}`);
      case "stall": {
        const what = observation.suspended ? "was suspended for" : "was late by";
        return this.notice(`this process ${what} ${Math.round(observation.lateMs)} ms`);
      }
      case "mass-expiry":
        return this.notice(
          `${observation.held} of ${observation.live} expired together; they get a second look`,
        );
      case "warning":
        return this.notice(observation.text);
      case "tls-reloaded": {
        const { subject, validToWallMs, changed } = observation;
        const left = certificateText({ subject, validToWallMs }, this.#voice.clock.wallNow());
        // Who renews a file that this process does not read would look for it elsewhere.
        if (!changed) return this.notice(`read again, and the same as before: ${left}`);
        return this.notice(`new certificate in force: ${left}; open connections go on`);
      }
      default:
        observation satisfies never;
    }
  }

  notice(text: string): void {
    this.tell({ event: "notice", text });
  }

  tell(report: Report): void {
    this.#voice.write(this.lineOf(report), report.event);
  }

  lineOf(report: Report): string {
    const { settings, clock, isTerminal, worker } = this.#voice;
    const wallMs = clock.wallNow();
    if (!settings.json) return reportText(report, clockText(wallMs), worker);
    const charactersMax = isTerminal ? TERMINAL_CHARACTERS_MAX : Number.POSITIVE_INFINITY;
    return reportJson(report, wallMs, charactersMax, worker);
  }
}
