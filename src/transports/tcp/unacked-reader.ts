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

/** Who asks. What is read is of a moment between `begun` and the answer. */
interface Asker {
  /** Not called where nothing can be read. */
  readonly begun: () => void;
  /** False asks for another reading at once; that is granted once. */
  readonly answer: (unackedBytes: number | undefined, windowIsShut: boolean) => boolean;
}

type Askers = Map<string, Asker[]>;

export class UnackedReader {
  readonly #config: UnackedReaderConfig;
  #askers: Askers = new Map();
  #askerCount = 0;
  #isBusy = false;

  constructor(config: UnackedReaderConfig) {
    this.#config = config;
  }

  /** Answers once, later; twice if the first answer is not accepted. */
  ask(ends: SocketEnds, asker: Asker): void {
    const key = connectionKey(ends, endianness());
    if (key === undefined || this.#askerCount >= this.#config.askersMax) {
      queueMicrotask(() => asker.answer(undefined, false));
      return;
    }
    this.#askerCount += 1;
    const sameConnection = this.#askers.get(key);
    if (sameConnection === undefined) this.#askers.set(key, [asker]);
    else sameConnection.push(asker);
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
    const again = await this.#answerAll(askers);
    if (again.size > 0) await this.#answerAll(again);
    setTimeout(() => this.#goOn(), this.#config.pauseMs).unref();
  }

  /** Returns who wants to be answered again. */
  async #answerAll(askers: Askers): Promise<Askers> {
    const again: Askers = new Map();
    for (const some of askers.values()) for (const { begun } of some) begun();
    for (const path of this.#config.paths) {
      if (askers.size > 0) await this.#answerFrom(path, askers, again);
    }
    for (const some of askers.values()) tell(some, undefined, false);
    return again;
  }

  #goOn(): void {
    this.#isBusy = false;
    if (this.#askers.size > 0) this.#beginReading();
  }

  async #answerFrom(path: string, askers: Askers, again: Askers): Promise<void> {
    const order = endianness();
    try {
      for await (const line of lines(path, this.#config.fileBytesMax)) {
        const parsed = parseLine(line, order);
        if (parsed === undefined) continue;
        const some = askers.get(parsed.key);
        if (some === undefined) continue;
        askers.delete(parsed.key);
        const unhappy = tell(some, parsed.unackedBytes, parsed.windowIsShut);
        if (unhappy.length > 0) again.set(parsed.key, unhappy);
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

/** Returns who did not accept the answer. */
function tell(
  askers: readonly Asker[],
  unackedBytes: number | undefined,
  windowIsShut: boolean,
): Asker[] {
  return askers.filter(({ answer }) => !answer(unackedBytes, windowIsShut));
}
