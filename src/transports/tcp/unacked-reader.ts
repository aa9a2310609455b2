/**
 * How many bytes a peer's kernel has not acknowledged, without native code: from `/proc` on Linux.
 *
 * One reader serves all connections of a process. The files list every socket of the host, so they
 * are read at most once in `pauseMs`, for everybody who asked by then, chunk by chunk, and never
 * further than `fileBytesMax`. It reads no clock: a pause is a timer that keeps no process alive.
 */
import { createReadStream } from "node:fs";
import { endianness } from "node:os";
import { connectionKey, parseLine, type SocketEnds } from "./proc-net-tcp.ts";

export type UnackedAnswer = (unackedBytes: number | undefined) => void;

export interface UnackedReaderConfig {
  /** The files, in the format of `/proc/net/tcp`. A missing one counts as empty. */
  readonly paths: readonly string[];
  /** Between the end of one reading and the begin of the next. */
  readonly pauseMs: number;
  /** Who asks while so many wait is told "not known". */
  readonly askersMax: number;
  /** Lines beyond are not looked at; 150 bytes a socket. */
  readonly fileBytesMax: number;
}

export const PROC_UNACKED: UnackedReaderConfig = {
  paths: ["/proc/self/net/tcp", "/proc/self/net/tcp6"],
  pauseMs: 1_000,
  askersMax: 100_000,
  // Some 400,000 sockets. Listing more would take the kernel longer than the answer is worth.
  fileBytesMax: 64 * 1024 * 1024,
};

export class UnackedReader {
  readonly #config: UnackedReaderConfig;
  #askers = new Map<string, UnackedAnswer[]>();
  #askerCount = 0;
  #isBusy = false;

  constructor(config: UnackedReaderConfig) {
    this.#config = config;
  }

  /** Answers once, later. */
  ask(ends: SocketEnds, answer: UnackedAnswer): void {
    const key = connectionKey(ends, endianness());
    if (key === undefined || this.#askerCount >= this.#config.askersMax) {
      queueMicrotask(() => answer(undefined));
      return;
    }
    this.#askerCount += 1;
    const sameConnection = this.#askers.get(key);
    if (sameConnection === undefined) this.#askers.set(key, [answer]);
    else sameConnection.push(answer);
    if (!this.#isBusy) this.#beginReading();
  }

  #beginReading(): void {
    this.#isBusy = true;
    // Whoever asks in the same turn is served by the same reading.
    setImmediate(() => void this.#read());
  }

  async #read(): Promise<void> {
    const askers = this.#askers;
    this.#askers = new Map();
    this.#askerCount = 0;
    for (const path of this.#config.paths) {
      if (askers.size > 0) await this.#answerFrom(path, askers);
    }
    for (const answers of askers.values()) tell(answers, undefined);
    setTimeout(() => this.#goOn(), this.#config.pauseMs).unref();
  }

  #goOn(): void {
    this.#isBusy = false;
    if (this.#askers.size > 0) this.#beginReading();
  }

  async #answerFrom(path: string, askers: Map<string, UnackedAnswer[]>): Promise<void> {
    const order = endianness();
    try {
      for await (const line of lines(path, this.#config.fileBytesMax)) {
        const parsed = parseLine(line, order);
        if (parsed === undefined) continue;
        const answers = askers.get(parsed.key);
        if (answers === undefined) continue;
        askers.delete(parsed.key);
        tell(answers, parsed.unackedBytes);
        if (askers.size === 0) return;
      }
    } catch {
      // No such file (another system, or IPv6 is off), or not ours to read: not known, then.
    }
  }
}

async function* lines(path: string, bytesMax: number): AsyncGenerator<string> {
  let begun = "";
  const text = createReadStream(path, { encoding: "latin1", end: bytesMax - 1 });
  for await (const chunk of text) {
    const parts = (begun + (chunk as string)).split("\n");
    begun = parts.pop() ?? "";
    yield* parts;
  }
  if (begun !== "") yield begun;
}

function tell(answers: readonly UnackedAnswer[], unackedBytes: number | undefined): void {
  for (const answer of answers) answer(unackedBytes);
}
