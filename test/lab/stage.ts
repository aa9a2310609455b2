/**
 * What a case plays on: one network, the server program on its far host and the client program on
 * its near one, and a relay if the case wants one. Whoever opens a stage closes it.
 */
import { join } from "node:path";
import { repositoryRoot } from "../../bench/contenders/places.ts";
import { Program } from "../support/processes.ts";
import type { LabOptions, Side } from "./bounds.ts";
import type { ContestantId } from "./contestants/contestant.ts";
import { type Host, Network } from "./network.ts";
import type { SendOrder, Task } from "./programs/orders.ts";

const START_LIMIT_MS = 60_000;
/** Beyond what a run lasts; a program that was left behind is gone after it. */
const MARGIN_MS = 180_000;

export interface LossyPath {
  readonly delayMs: number;
  readonly lossPercent: number;
}

export class Stage {
  readonly network: Network = new Network();
  readonly #compiled: string;
  readonly #lifetimeMs: number;
  readonly #programs = new Map<Side | "relay", Program>();

  /** `compiled` is the folder with the compiled lab; a run on this stage lasts `lastsMs`. */
  constructor(compiled: string, lastsMs: number) {
    this.#compiled = compiled;
    this.#lifetimeMs = lastsMs + MARGIN_MS;
  }

  /** Returns the address of the server on the lossy path. */
  async openLossyPath({ delayMs, lossPercent }: LossyPath): Promise<string> {
    const [near, far] = ["10.99.3.1", "10.99.3.2"];
    const relay = join(repositoryRoot(), "test/lab/lossy-relay.py");
    const ends = [this.network.near.namespace, near, this.network.far.namespace, far];
    const numbers = [delayMs, lossPercent, this.#lifetimeMs / 1_000];
    const program = new Program("python3", [relay, ...ends, ...numbers.map(String)]);
    this.#programs.set("relay", program);
    await program.says(/^up$/m, START_LIMIT_MS);
    return far;
  }

  /** Starts server and clients; resolves when every connection has been used both ways. */
  async startPrograms(host: string, options: LabOptions, ids: readonly string[]): Promise<void> {
    const task: Task = { host, options, lifetimeMs: this.#lifetimeMs };
    const server = this.#start("server", this.network.far, task);
    const ports = await server.until(
      "listening",
      () => server.told("listening")[0]?.["ports"] as Task["ports"],
      START_LIMIT_MS,
    );
    this.#start("client", this.network.near, { ...task, ...(ports && { ports }) });
    for (const side of ["server", "client"] as const) {
      const program = this.program(side);
      const isOpen = (): true | undefined => {
        const open = program.told("open").map(({ contestant }) => contestant);
        return ids.every((id) => open.includes(id)) ? true : undefined;
      };
      await program.until("all connections", isOpen, START_LIMIT_MS);
    }
  }

  program(side: Side): Program {
    const program = this.#programs.get(side);
    if (program === undefined) throw new Error(`the ${side} was not started`);
    return program;
  }

  freeze(side: Side): void {
    this.program(side).signal("SIGSTOP");
  }

  thaw(side: Side): void {
    this.program(side).signal("SIGCONT");
  }

  /** Everybody, or one contestant, sends a message in both directions. */
  send(bytes: number, to?: ContestantId): void {
    const order: SendOrder = { bytes, ...(to && { to }) };
    for (const side of ["client", "server"] as const) {
      this.program(side).write(`${JSON.stringify(order)}\n`);
    }
  }

  async close(): Promise<void> {
    const programs = [...this.#programs.values()];
    for (const program of programs) program.signal("SIGKILL");
    await Promise.allSettled(programs.map(({ exit }) => exit));
    this.network.remove();
  }

  #start(side: Side, host: Host, task: Task): Program {
    const file = join(this.#compiled, `programs/${side}-program.js`);
    const command = ["netns", "exec", host.namespace, process.execPath, file];
    const program = new Program("ip", [...command, JSON.stringify(task)]);
    this.#programs.set(side, program);
    return program;
  }
}
