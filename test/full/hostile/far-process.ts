/**
 * A program in a process of its own, whose load does not disturb what is measured here, and which
 * has a heap and descriptors of its own. It is told what to do by name: see commands.mjs.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../../../scripts/house.ts";
import { freshEnv } from "../../support/commands.ts";

/** The main door as it was built: programs of a plain Node cannot read what is in src/. */
export const BUILT_DOOR: string = join(ROOT, "dist/index.js");

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class FarProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #isReady: Promise<unknown>;
  #said = "";
  #lastId = 0;

  /** `file` is beside this one. The process lasts as long as the test, at most. */
  constructor(file: string, args: readonly string[], nodeFlags: readonly string[] = []) {
    const path = join(import.meta.dirname, file);
    this.#child = fork(path, args, {
      execArgv: [...nodeFlags],
      env: freshEnv(),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    onTestFinished(() => {
      this.#waiting.clear(); // Whoever still waits has failed already, and for a better reason.
      this.#child.kill("SIGKILL");
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-10_000);
      });
    }
    this.#isReady = this.#answer(0);
    this.#child.on("message", (answer: Answer) => this.#take(answer));
    this.#child.on("exit", (code, signal) => this.#fail(`ended with ${code ?? signal}`));
  }

  get said(): string {
    return this.#said;
  }

  /** What the function `command` over there returns for `args`. */
  async ask<Result>(command: string, args: unknown = {}): Promise<Result> {
    await this.#isReady;
    this.#lastId += 1;
    const answer = this.#answer(this.#lastId);
    this.#child.send({ id: this.#lastId, command, args });
    return (await answer) as Result;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #take({ id, result, failure }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(failure));
  }

  #fail(why: string): void {
    const error = new Error(`a far process ${why}, having said:\n${this.#said}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
