/**
 * Programs in processes of their own: started, listened to, signalled by their id, and gone after
 * the test, whatever became of it. No wait is without a limit.
 *
 * They run what was built: dist/ of this repository, or the folder that HOLDFAST_DIST names.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv } from "./commands.ts";

const DIST = resolve(ROOT, process.env["HOLDFAST_DIST"] ?? "dist");
const PROGRAMS = join(ROOT, "test/full/programs");

/** How long a program may take to say what it is going to say. */
const SAYS_WITHIN_MS = 20_000;

/** The built package, for a program that is told what to import. */
export const DIST_URL: string = pathToFileURL(join(DIST, "index.js")).href;

/** One JSON line that a program wrote. */
export type Told = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly exit: Promise<Exit>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #exit: Exit | undefined;

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = [file, ...args].join(" ");
    const child = spawn(file, args, { env: { ...freshEnv(), ...env }, stdio: "pipe" });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString();
      this.#look();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      this.#look();
    });
    child.stdin.on("error", () => {}); // It may have ended before it read what it was told.
    this.exit = new Promise((settle, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        settle(this.#exit);
        this.#look();
      });
    });
    this.exit.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** All whole lines of stdout that are JSON objects with an event, or only those of one event. */
  told(event?: string): Told[] {
    const lines = this.#stdout.split("\n").slice(0, -1);
    const told = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    return (told as Told[]).filter((one) => event === undefined || one.event === event);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Reads no more of what it says, until it is resumed. */
  pause(): void {
    this.#child.stdout?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
  }

  signal(name: NodeJS.Signals): void {
    // It may have exited and not been read to its end yet: then this does nothing.
    if (!this.hasExited) this.#child.kill(name);
  }

  /** Resolves once `look` returns something: it is asked after each output, and at the exit. */
  async until<T>(
    what: string,
    look: () => T | undefined,
    limitMs: number = SAYS_WITHIN_MS,
  ): Promise<T> {
    return await new Promise((settle, reject) => {
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        finish();
      };
      const fail = (why: string): void =>
        end(() =>
          reject(new Error(`${this.#name}: ${why} while waiting for ${what}${this.#tail()}`)),
        );
      const timer = setTimeout(() => fail(`${limitMs} ms passed`), limitMs);
      const check = (): void => {
        const found = look();
        if (found !== undefined) end(() => settle(found));
        else if (this.#exit !== undefined) fail(`it ended with ${JSON.stringify(this.#exit)}`);
      };
      this.#watchers.add(check);
      check();
    });
  }

  /** Resolves with the first match in stdout. */
  async says(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    return await this.until(
      String(pattern),
      () => pattern.exec(this.#stdout) ?? undefined,
      limitMs,
    );
  }

  /** Writes an order, and resolves with the next line that tells of `event`. */
  async order(words: string, event: string, limitMs?: number): Promise<Told> {
    const before = this.told(event).length;
    this.write(`${words}\n`);
    return await this.until(event, () => this.told(event)[before], limitMs);
  }

  #look(): void {
    for (const check of this.#watchers) check();
  }

  #tail(): string {
    return `; it said:\n${this.#stdout.slice(-2_000)}${this.#stderr.slice(-2_000)}`;
  }
}

/** Starts programs for one test, and ends them with it. */
export class Processes {
  constructor(context: TestContext) {
    context.onTestFinished(async () => await this.#endAll());
  }

  readonly #all: Program[] = [];

  start(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    const program = new Program(file, args, env);
    this.#all.push(program);
    return program;
  }

  /** The built command line. */
  holdfast(...args: readonly string[]): Program {
    return this.start(process.execPath, [join(DIST, "cli/main.js"), ...args]);
  }

  /** The same on another runtime than this one. */
  holdfastOn(runtime: string, ...args: readonly string[]): Program {
    return this.start(runtime, [join(DIST, "cli/main.js"), ...args]);
  }

  /** One of test/full/programs, in Python. */
  python(name: string, ...args: readonly (string | number)[]): Program {
    return this.start("python3", [join(PROGRAMS, name), ...args.map(String)]);
  }

  /** One of test/full/programs, for Node; its only argument is JSON. */
  node(name: string, settings: Readonly<Record<string, unknown>> = {}): Program {
    return this.start(process.execPath, [join(PROGRAMS, name), JSON.stringify(settings)]);
  }

  async #endAll(): Promise<void> {
    // A stopped process is killed, too.
    for (const program of this.#all) program.signal("SIGKILL");
    await Promise.all(this.#all.map(({ exit }) => exit.catch(() => {})));
  }
}
