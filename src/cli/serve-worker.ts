/**
 * One worker of `holdfast serve --workers`: the process that the primary starts.
 *
 * It prints nothing: its lines go to the primary, rendered. It obeys the primary and nobody else,
 * but for SIGTERM, by which a person can send one worker away. What a terminal sends to all of its
 * processes (SIGINT, SIGHUP) is the primary's business.
 */
import { processChannel } from "../cluster/worker-channel.ts";
import type { Importance } from "../cluster/line-relay.ts";
import { type Seat, Worker, type WorkerProgram } from "../cluster/worker.ts";
import { listenBeside } from "../server/listen.ts";
import type { Server } from "../server/server.ts";
import type { Report } from "./report-lines.ts";
import { listenOptions, type ServeSettings } from "./serve-settings.ts";
import { Telling } from "./serve-telling.ts";
import { EXIT_WRONG_USAGE, type Surroundings } from "./surroundings.ts";

/** The first argument of such a process; no command of that name is listed. */
export const WORKER_COMMAND = "serve-worker";

/** What the primary wants served, with addresses that are settled. */
export interface ServeWork {
  readonly settings: ServeSettings;
  readonly isTerminal: boolean;
}

/** What is dropped first when nobody reads what is told. */
const IMPORTANCE: Readonly<Record<Report["event"], Importance>> = {
  beat: 0,
  verdict: 0,
  accepted: 1,
  open: 1,
  message: 1,
  rejected: 1,
  end: 2,
  dropped: 2,
  notice: 2,
};

/** Resolves with the exit code. */
export async function runServeWorker(surroundings: Surroundings): Promise<number> {
  const channel = processChannel();
  if (channel === undefined) {
    surroundings.stderr.write("holdfast: only holdfast serve --workers starts such a process\n");
    return EXIT_WRONG_USAGE;
  }
  const worker = new Worker(new ServeProgram(surroundings), channel);
  for (const name of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) {
    surroundings.onSignal(name, () => {});
  }
  surroundings.onSignal("SIGTERM", () => worker.leave());
  return await worker.run();
}

class ServeProgram implements WorkerProgram {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async openServer(seat: Seat): Promise<Server> {
    const { settings } = seat.work as ServeWork;
    const telling = this.#tellingOf(seat);
    const options = {
      ...listenOptions(settings, this.#surroundings.env["HOLDFAST_TLS_PASSPHRASE"]),
      observe: telling.onObservation.bind(telling),
    };
    const server = await listenBeside(options, seat.company);
    telling.listenTo(server);
    return server;
  }

  tellDropped(seat: Seat, counts: Readonly<Record<string, number>>): string {
    return this.#tellingOf(seat).lineOf({ event: "dropped", counts });
  }

  #tellingOf({ work, id, relay }: Seat): Telling {
    const { settings, isTerminal } = work as ServeWork;
    return new Telling({
      settings,
      clock: this.#surroundings.clock,
      isTerminal,
      worker: id,
      write: (line, event) => relay.offer(line, IMPORTANCE[event], event),
    });
  }
}
