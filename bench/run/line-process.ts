/**
 * A child process that is given orders and answers each with one line of JSON.
 *
 * Whatever happens to it, a promise ends: with its line, with the time limit, or with its exit. It
 * dies with us: stdin ends when we do, and the kernel kills it where `setpriv` can ask for that,
 * since brokers do not look at stdin.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Command } from "../contenders/contender.ts";
import { findProgram } from "../contenders/programs.ts";

export type Told = Readonly<Record<string, unknown>>;

/** How long one may take to exit before it is killed. */
const EXIT_WITHIN_MS = 5_000;
const STDERR_CHARACTERS_KEPT = 2_000;

interface Waiting {
  readonly resolve: (told: Told) => void;
  readonly reject: (error: Error) => void;
}

export class LineProcess {
  readonly pid: number;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  readonly #tap: ((line: string) => boolean) | undefined;
  readonly #exited: Promise<void>;
  #rest = "";
  #stderr = "";
  #exit: string | undefined;
  #waiting: Waiting | undefined;

  /**
   * `core` pins it; undefined lets the kernel choose. `tap` hears each line first, and returns true
   * for one that is no answer, so that a talkative process fills no memory.
   */
  constructor(
    name: string,
    command: Command,
    core: string | undefined,
    tap?: (line: string) => boolean,
  ) {
    this.#name = name;
    this.#tap = tap;
    const [file, ...args] = [...pinned(core), ...boundToUs(), command.file, ...command.args];
    const child = spawn(file as string, args, { stdio: "pipe" });
    this.#child = child;
    child.stdin.on("error", () => {}); // It may be gone before it has read what it was told.
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS_KEPT);
    });
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => this.#gone(error.message, resolve));
      child.once("close", (code, signal) => this.#gone(`it ended with ${signal ?? code}`, resolve));
    });
    this.pid = child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** Resolves with the answer; rejects when there is none within the limit, naming the order. */
  async order(words: string, limitMs: number): Promise<Told> {
    this.#told.length = 0; // What an order before it said too late answers nothing.
    this.#child.stdin?.write(`${words}\n`);
    return await this.next(words, limitMs);
  }

  /** The next line of JSON. */
  async next(what: string, limitMs: number): Promise<Told> {
    const told = this.#told.shift();
    if (told !== undefined) return told;
    return await new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        const said = this.#stderr.trim();
        const error = `${this.#name}, "${what}": ${why}${said === "" ? "" : `; it said: ${said}`}`;
        settle(() => reject(new Error(error)));
      };
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        finish();
      };
      const timer = setTimeout(() => fail(`no answer within ${limitMs} ms`), limitMs);
      this.#waiting = {
        resolve: (line) => settle(() => resolve(line)),
        reject: (error) => fail(error.message),
      };
      if (this.#exit !== undefined) fail(this.#exit);
    });
  }

  /** Asks it to go, by the end of stdin and, where that means nothing to it, by SIGTERM. */
  async end(signal?: "SIGTERM"): Promise<void> {
    this.#child.stdin?.end();
    if (signal !== undefined && !this.hasExited) this.#child.kill(signal);
    const timer = setTimeout(() => this.kill(), EXIT_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.hasExited) this.#child.kill("SIGKILL");
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) continue; // Some greet in prose.
      if (this.#tap?.(line) === true) continue;
      const told = JSON.parse(line) as Told;
      if (this.#waiting === undefined) this.#told.push(told);
      else this.#waiting.resolve(told);
    }
  }

  #gone(why: string, resolve: () => void): void {
    this.#exit ??= why;
    this.#waiting?.reject(new Error(why));
    resolve();
  }
}

function pinned(core: string | undefined): string[] {
  return core === undefined ? [] : ["taskset", "-c", core];
}

function boundToUs(): string[] {
  return findProgram("setpriv") === undefined ? [] : ["setpriv", "--pdeathsig", "KILL"];
}
