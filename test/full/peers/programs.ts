/**
 * Starts the programs of this folder, each in a process of its own and, if wanted, in a network
 * namespace. They are compiled from the present sources first, so that no old build is tested.
 *
 * A program is given one JSON argument, says JSON lines on stdout and takes JSON lines on stdin.
 * Whoever starts one stops it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../scripts/house.ts";
import { freshEnv, runWell, tool } from "../../support/commands.ts";
import { newTempFolder } from "../../support/temp-folder.ts";

/** What a program says: an object with the name of the event and whatever belongs to it. */
export interface Said {
  readonly event: string;
}

const PROGRAMS = ["link-peer", "server-peer", "slow-peer"] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** The programs, compiled once, with the optional package koffi beside them or without it. */
export class Programs {
  readonly #withKoffi: boolean;
  #folder: string | undefined;

  constructor(withKoffi: boolean) {
    this.#withKoffi = withKoffi;
  }

  /** The folder with what was compiled; made once. */
  get folder(): string {
    this.#folder ??= compile(this.#withKoffi);
    return this.#folder;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  start(name: ProgramName, argument: unknown, namespace?: string): Program {
    const path = join(this.folder, "test/full/peers", `${name}.js`);
    const command = [process.execPath, path, JSON.stringify(argument)];
    if (namespace !== undefined) command.unshift("ip", "netns", "exec", namespace);
    return new Program(name, command);
  }
}

/** What they import that is no TypeScript. */
const AS_THEY_ARE = ["test/support/pipe.mjs", "test/support/web-socket-words.mjs"];

/** The packages that Holdfast always has. */
const PACKAGES = ["ws"];

function compile(withKoffi: boolean): string {
  const folder = newTempFolder({ "package.json": '{ "type": "module" }\n' });
  mkdirSync(join(folder, "node_modules"));
  for (const name of withKoffi ? [...PACKAGES, "koffi", "@koromix"] : PACKAGES) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  const files = PROGRAMS.map((name) => join(ROOT, "test/full/peers", `${name}.ts`));
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: false,
      isolatedDeclarations: false,
      rootDir: ROOT,
      outDir: folder,
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    include: [],
    files,
  };
  const project = newTempFolder({ "tsconfig.json": JSON.stringify(settings) });
  try {
    runWell(tool("tsc"), ["-p", project]);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
  for (const path of AS_THEY_ARE) cpSync(join(ROOT, path), join(folder, path));
  return folder;
}

interface Waiting {
  /** Returns true when it is served. */
  readonly look: (said: Said) => boolean;
  readonly fail: (why: string) => void;
}

/** One running program. */
export class Program {
  readonly heard: Said[] = [];
  readonly ended: Promise<void>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<Waiting>();
  #begun = "";
  #complaints = "";
  #hasEnded = false;

  constructor(name: string, command: readonly string[]) {
    const [program = "", ...args] = command;
    this.#name = name;
    this.#child = spawn(program, args, { cwd: ROOT, env: freshEnv(), stdio: "pipe" });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-10_000);
    });
    this.#child.stdin?.on("error", () => {}); // It is gone, which its end tells.
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(error.message, resolve));
      this.#child.once("close", (code, signal) => this.#end(String(signal ?? code), resolve));
    });
  }

  tell(command: object): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Waits until it has said, before or after this call, what `look` returns a value for. */
  async says<T>(what: string, limitMs: number, look: (said: Said) => T | undefined): Promise<T> {
    for (const said of this.heard) {
      const found = look(said);
      if (found !== undefined) return found;
    }
    if (this.#hasEnded) throw this.#error(`had ended before it said "${what}"`);
    return this.#wait(what, limitMs, look);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #wait<T>(what: string, limitMs: number, look: (said: Said) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        look: (said) => {
          const found = look(said);
          if (found === undefined) return false;
          done();
          resolve(found);
          return true;
        },
        fail: (why) => {
          done();
          reject(this.#error(`${why} instead of saying "${what}"`));
        },
      };
      const timer = setTimeout(() => waiting.fail(`was silent for ${limitMs} ms`), limitMs);
      this.#waiting.add(waiting);
    });
  }

  #take(text: string): void {
    const lines = (this.#begun + text).split("\n");
    this.#begun = lines.pop() ?? "";
    for (const line of lines) {
      const said = JSON.parse(line) as Said;
      this.heard.push(said);
      for (const waiting of [...this.#waiting]) waiting.look(said);
    }
  }

  #end(how: string, resolve: () => void): void {
    this.#hasEnded = true;
    for (const waiting of [...this.#waiting]) waiting.fail(`ended with ${how}`);
    resolve();
  }

  #error(why: string): Error {
    const said = this.heard.map((one) => JSON.stringify(one)).slice(-20);
    return new Error(`${this.#name} ${why}\n${said.join("\n")}\n${this.#complaints}`);
  }
}
