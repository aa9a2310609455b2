/**
 * How words reach the service manager: a datagram on the Unix socket NOTIFY_SOCKET, which Node
 * cannot send by itself.
 *
 * With the optional package koffi this process sends it, at once. Without, the program
 * `systemd-notify` does, one after the other; then the manager sees another process speak, and has
 * to be told that it may (NotifyAccess=all). Easy to break: words must not overtake each other, and
 * nothing here may hold up the process that serves, or keep it alive.
 */
import { spawn } from "node:child_process";
import { loadDatagrams } from "./native-datagram.ts";

export interface NotifyChannel {
  /** For whoever asks how. */
  readonly by: "koffi" | "systemd-notify";
  send(words: string): void;
  /** Resolves when what was sent is out, or will never be. */
  flushed(): Promise<void>;
}

/** `tell` gets one sentence, once, when words do not arrive. */
export async function openNotifyChannel(
  socket: string,
  path: string | undefined,
  tell: (text: string) => void,
): Promise<NotifyChannel> {
  const datagrams = await loadDatagrams(socket);
  if (datagrams === undefined) return new ProgramChannel(socket, path, tell);
  let hasTold = false;
  return {
    by: "koffi",
    send(words) {
      const fault = datagrams.send(words);
      if (fault === undefined || hasTold) return;
      hasTold = true;
      tell(`the service manager does not hear: ${fault} at ${JSON.stringify(socket)}`);
    },
    flushed: () => Promise.resolve(),
  };
}

/** A manager that takes nothing must not make words pile up; what is newest matters most. */
const WAITING_MAX = 8;
/** What is said again and again, so that what waits may be said with what comes. */
const SAID_AGAIN = /^(?:WATCHDOG|STATUS)=/;
/** It waits for the manager for 5 s by itself. */
const PROGRAM_MS_MAX = 10_000;

class ProgramChannel implements NotifyChannel {
  readonly by = "systemd-notify" as const;
  readonly #env: NodeJS.ProcessEnv;
  readonly #tell: (text: string) => void;
  readonly #waiting: string[] = [];
  #last: Promise<void> | undefined;
  #hasTold = false;

  constructor(socket: string, path: string | undefined, tell: (text: string) => void) {
    this.#env = { NOTIFY_SOCKET: socket, PATH: path ?? "/usr/bin:/bin" };
    this.#tell = tell;
  }

  send(words: string): void {
    const together = saidTogether(this.#waiting.at(-1), words);
    if (together !== undefined) this.#waiting.pop();
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift();
    this.#waiting.push(together ?? words);
    this.#last ??= this.#sendAll();
  }

  async flushed(): Promise<void> {
    await this.#last;
  }

  async #sendAll(): Promise<void> {
    for (let words = this.#waiting.shift(); words !== undefined; words = this.#waiting.shift()) {
      const fault = await this.#run(words.split("\n"));
      if (fault === undefined || this.#hasTold) continue;
      this.#hasTold = true;
      this.#tell(
        `the service manager does not hear: systemd-notify ${fault}; the optional package koffi ` +
          "does without that program",
      );
    }
    this.#last = undefined;
  }

  /** What went wrong, or undefined. */
  #run(words: readonly string[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const child = spawn("systemd-notify", words, {
        env: this.#env,
        stdio: "ignore",
        timeout: PROGRAM_MS_MAX,
        killSignal: "SIGKILL",
      });
      child.once("error", (error) => resolve(`cannot be run (${error.message})`));
      child.once("exit", (code, signal) => {
        if (code === 0) resolve(undefined);
        else resolve(code === null ? `took too long (${signal})` : `ended with ${code}`);
      });
    });
  }
}

/**
 * Beats that come faster than the program runs become one, so that they never push out of the queue
 * what is said once. Undefined: the two have to be said one after the other.
 */
export function saidTogether(waiting: string | undefined, words: string): string | undefined {
  const lines = [...(waiting?.split("\n") ?? []), ...words.split("\n")];
  if (waiting === undefined || !lines.every((line) => SAID_AGAIN.test(line))) return undefined;
  const newest = new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line]));
  return [...newest.values()].join("\n");
}
