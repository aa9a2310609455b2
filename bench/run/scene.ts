/**
 * Servers and load generators that run at the same time, and end together.
 *
 * Whoever opens a scene closes it, also after a fault; a signal kills all that is on it.
 */
import type { Contender, Protocol, Variant } from "../contenders/contender.ts";
import type { Pinning } from "./cores.ts";
import { LoadGenerator } from "./load-generator.ts";
import { ServerProcess } from "./server-process.ts";

export interface Stage {
  /** The compiled load generator. */
  readonly load: string;
  readonly pinning: Pinning | undefined;
}

export class Scene {
  readonly #stage: Stage;
  readonly #servers: ServerProcess[] = [];
  readonly #loads: LoadGenerator[] = [];
  #killed = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async server(contender: Contender, variant: Variant): Promise<ServerProcess> {
    const server = await ServerProcess.start(contender, variant, this.#stage.pinning?.server);
    this.#servers.push(server);
    if (this.#killed) this.kill();
    return server;
  }

  load(server: ServerProcess, protocol: Protocol, handshakesMax?: number): LoadGenerator {
    const { load: file, pinning } = this.#stage;
    const load = new LoadGenerator({
      file,
      core: pinning?.load,
      serverCore: pinning?.server,
      handshakesMax,
      protocol,
      port: server.port,
      serverPid: server.pid,
    });
    this.#loads.push(load);
    return load;
  }

  async end(): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.end()));
    await Promise.all(this.#servers.map((server) => server.end()));
  }

  /** At once. `end` still has to be called, to wait until they are gone. */
  kill(): void {
    this.#killed = true;
    for (const each of [...this.#loads, ...this.#servers]) each.kill();
  }
}

/** Opens scenes, one at a time, and remembers the one that a signal would have to end. */
export class Theatre {
  readonly #stage: Stage;
  #scene: Scene | undefined;
  #closed = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  async play<T>(act: (scene: Scene) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("the run was interrupted");
    const scene = new Scene(this.#stage);
    this.#scene = scene;
    try {
      return await act(scene);
    } finally {
      this.#scene = undefined;
      await scene.end();
    }
  }

  /** Kills what runs; whatever waits for it fails, and nothing new begins. */
  close(): void {
    this.#closed = true;
    this.#scene?.kill();
  }
}
