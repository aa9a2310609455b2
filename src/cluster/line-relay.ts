/**
 * The lines of a worker on their way to the one who writes them, in batches and within bounds.
 *
 * A few batches are under way; the next goes when one of them has been written. So a slow reader
 * makes this queue grow, and not those of the pipes between. The queue is bounded: what tells
 * details is dropped first, what tells how a connection ended last, and how many lines were dropped
 * is told as soon as there is room again. What is easy to break: a line is sent whole, or not.
 */
import { BATCH_CHARACTERS } from "./messages.ts";

/** 2: how a connection ended. 1: what it did. 0: how it feels meanwhile. */
export type Importance = 0 | 1 | 2;

/** More lines of that importance are not taken in above so many characters. */
const QUEUED_MAX: Readonly<Record<Importance, number>> = {
  0: 1024 ** 2,
  1: 4 * 1024 ** 2,
  2: 16 * 1024 ** 2,
};

/** Below that it is told what was dropped. */
const RELIEVED = 256 * 1024;

/** One is being written, one waits for it, and two are on the way. */
const UNDER_WAY_MAX = 4;

export interface RelayOutput {
  /** Hands one batch of whole lines over. */
  send(text: string): void;
  /** A line about so many lines of each name that were dropped. */
  tellDropped(counts: Readonly<Record<string, number>>): string;
  /** Calls `run` soon, and once. */
  soon(run: () => void): void;
}

export class LineRelay {
  readonly #output: RelayOutput;
  #lines: string[] = [];
  #queued = 0;
  #underWay = 0;
  #isDue = false;
  #isCut = false;
  #dropped = new Map<string, number>();
  #onIdle: (() => void) | undefined;

  constructor(output: RelayOutput) {
    this.#output = output;
  }

  /** Takes one line, without its line break, or counts it by its name as dropped. */
  offer(line: string, importance: Importance, name: string): void {
    if (this.#isCut) return;
    if (this.#queued + line.length > QUEUED_MAX[importance]) {
      this.#dropped.set(name, (this.#dropped.get(name) ?? 0) + 1);
      return;
    }
    this.#push(line);
  }

  /** So many batches have been written. */
  onTaken(batches: number): void {
    this.#underWay = Math.max(0, this.#underWay - batches);
    this.#flush();
  }

  /** Nobody takes lines any more. */
  cut(): void {
    this.#isCut = true;
    this.#lines = [];
    this.#queued = 0;
    this.#underWay = 0;
    this.#dropped.clear();
    this.#onIdle?.();
  }

  /** Resolves when all that was offered has been written. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = () => {
        if (this.#lines.length === 0 && this.#underWay === 0) resolve();
      };
      this.#flush();
    });
  }

  #push(line: string): void {
    this.#lines.push(line);
    this.#queued += line.length;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#output.soon(() => {
      this.#isDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#dropped.size > 0 && this.#queued < RELIEVED) {
      const counts = Object.fromEntries(this.#dropped);
      this.#dropped = new Map();
      this.#push(this.#output.tellDropped(counts));
    }
    while (this.#lines.length > 0 && this.#underWay < UNDER_WAY_MAX) this.#sendBatch();
    this.#onIdle?.();
  }

  #sendBatch(): void {
    let characters = 0;
    let count = 0;
    while (count < this.#lines.length && characters < BATCH_CHARACTERS) {
      characters += this.#lines[count]?.length ?? 0;
      count += 1;
    }
    const batch = this.#lines.splice(0, count);
    this.#queued -= characters;
    this.#underWay += 1;
    this.#output.send(`${batch.join("\n")}\n`);
  }
}
