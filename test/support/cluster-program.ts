/** `holdfast serve --workers` in processes of its own, and what it told of its workers. */
import type { TestContext } from "vitest";
import { Processes, type Program, type Told } from "./processes.ts";

interface WorkerName {
  readonly id: number;
  readonly pid: number;
}

export class ClusterProgram {
  readonly program: Program;
  readonly #started: Told;

  private constructor(program: Program, started: Told) {
    this.program = program;
    this.#started = started;
  }

  static async start(
    context: TestContext,
    runtime: string,
    ...flags: readonly string[]
  ): Promise<ClusterProgram> {
    const hasPlace = flags.includes("--listen");
    const place = hasPlace ? [] : ["--listen", "tcp://127.0.0.1:0"];
    const program = new Processes(context).holdfastOn(
      runtime,
      "serve",
      "--json",
      ...place,
      ...flags,
    );
    const started = await program.until("the start", () => program.told("listening")[0]);
    const cluster = new ClusterProgram(program, started);
    // A test that fails half way must not leave workers that somebody stopped.
    context.onTestFinished(() => {
      for (const { pid } of cluster.everyWorker) kill(pid, "SIGKILL");
    });
    return cluster;
  }

  get url(): string {
    return (this.#started["urls"] as string[])[0] ?? "";
  }

  /** Those that it started with. */
  get workers(): readonly WorkerName[] {
    return this.#started["workers"] as WorkerName[];
  }

  /** Those, and all that came later. */
  get everyWorker(): readonly WorkerName[] {
    const later = this.changes("up").map(({ worker, pid }) => ({ id: worker, pid }));
    return [...this.workers, ...(later as WorkerName[])];
  }

  /** What it told of its workers that are in that state. */
  changes(state: string): readonly Told[] {
    return this.program.told("worker").filter((told) => told["state"] === state);
  }

  async until(state: string, count = 1): Promise<Told> {
    return await this.program.until(`${count} ${state}`, () => this.changes(state)[count - 1]);
  }

  /** Which worker holds the connection from that port. */
  async workerOf(localPort: number): Promise<number> {
    const told = await this.program.until(`port ${localPort}`, () =>
      this.program.told("accepted").find((one) => one["address"] === `127.0.0.1:${localPort}`),
    );
    return told["worker"] as number;
  }
}

/** Does nothing to a process that is gone. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when the process is gone. */
export async function gone(pid: number, limitMs: number): Promise<void> {
  const startedAt = performance.now();
  while (isAlive(pid)) {
    if (performance.now() - startedAt > limitMs) throw new Error(`${pid} lives for ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
