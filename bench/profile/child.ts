/**
 * Child processes of the profiles: a server to look into, and clients that keep it busy.
 *
 * Both are programs of ours beside this file, started by the path that they were compiled to. Easy
 * to break: whoever starts one must end it, also after an error, so that is done by `using`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import {
  type Answer,
  type BeatReading,
  type ClientOrder,
  type ClientSettings,
  READY_ID,
  type ServerOrder,
  type ServerSettings,
} from "./orders.ts";

/** No order takes longer, on the slowest machine. */
const ANSWER_MS_MAX = 180_000;

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Child<Order> implements Disposable {
  readonly #process: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  readonly ready: Promise<unknown>;
  #nextId = READY_ID + 1;
  #isOver = false;

  constructor(program: string, settings: unknown, execArgv: readonly string[]) {
    const path = join(import.meta.dirname, program);
    this.#process = fork(path, [JSON.stringify(settings)], { execArgv: [...execArgv] });
    this.#process.on("message", (answer: Answer) => this.#onAnswer(answer));
    this.#process.on("exit", (code) => this.#onExit(program, code));
    this.ready = this.#wait(READY_ID);
  }

  ask<Result>(order: Order): Promise<Result> {
    const id = this.#nextId++;
    const answered = this.#wait(id);
    this.#process.send({ id, order });
    return answered as Promise<Result>;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#process.kill("SIGKILL");
  }

  async #wait(id: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiters.set(id, { resolve, reject });
        const late = new Error("a child process gave no answer in time");
        timer = setTimeout(() => reject(late), ANSWER_MS_MAX);
      });
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(id);
    }
  }

  #onAnswer(answer: Answer): void {
    const waiter = this.#waiters.get(answer.id);
    if (answer.error === undefined) waiter?.resolve(answer.result);
    else waiter?.reject(new Error(answer.error));
  }

  #onExit(program: string, code: number | null): void {
    if (this.#isOver) return;
    const error = new Error(`${program} ended with ${code}`);
    for (const waiter of this.#waiters.values()) waiter.reject(error);
  }
}

export type ServerChild = Child<ServerOrder>;
export type ClientChild = Child<ClientOrder>;

/** `flags` are flags of Node or V8 beyond the one that the memory profile needs. */
export async function startServer(
  settings: ServerSettings,
  flags: readonly string[] = [],
): Promise<{ server: ServerChild; port: number }> {
  const server: ServerChild = new Child("server-program.js", settings, ["--expose-gc", ...flags]);
  const { port } = (await server.ready) as { port: number };
  return { server, port };
}

export async function startClients(settings: ClientSettings): Promise<ClientChild> {
  const clients: ClientChild = new Child("client-program.js", settings, []);
  await clients.ready;
  return clients;
}

export async function open(clients: ClientChild, count: number): Promise<void> {
  await clients.ask({ do: "open", count });
}

export async function beat(clients: ClientChild, count: number): Promise<BeatReading> {
  return await clients.ask({ do: "beat", count });
}
