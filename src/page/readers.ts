/**
 * The `for await` loops over one link, each with a queue of its own that begins with the loop.
 *
 * While one is above its bound the link is behind, and acknowledges nothing.
 */
import type { Message } from "../connection/effects.ts";
import { utf8 } from "./frames.ts";

/** So that empty messages, too, fill a queue one day. */
const OVERHEAD_BYTES = 64;

type Result = IteratorResult<Message, undefined>;

type Loop = AsyncIterableIterator<Message, undefined, undefined> & AsyncDisposable;

interface Reader {
  queue: Message[];
  bytes: number;
  wake: () => void;
  /** Calls of `next` are answered one after the other. */
  turn: Promise<unknown>;
}

const DONE: Result = { done: true, value: undefined };

export class Readers {
  readonly #bytesMax: number;
  /** `areBehind` may have changed because a loop took a message, or was left. */
  readonly #onPace: () => void;
  readonly #readers = new Set<Reader>();
  #isOver = false;

  constructor(bytesMax: number, onPace: () => void) {
    this.#bytesMax = bytesMax;
    this.#onPace = onPace;
  }

  get areBehind(): boolean {
    return [...this.#readers].some(({ bytes }) => bytes > this.#bytesMax);
  }

  push(message: Message): void {
    for (const reader of this.#readers) {
      // Bytes belong to whoever got them: two readers do not share an array.
      reader.queue.push(typeof message === "string" ? message : message.slice());
      reader.bytes += weightOf(message);
      reader.wake();
    }
  }

  /** The link ended: what waits is still handed out, then the loops are done. */
  end(): void {
    this.#isOver = true;
    for (const { wake } of this.#readers) wake();
  }

  iterate(): Loop {
    const reader: Reader = {
      queue: [],
      bytes: 0,
      wake: () => {},
      turn: Promise.resolve(),
    };
    this.#readers.add(reader);
    const leave = async (): Promise<Result> => {
      this.#readers.delete(reader);
      reader.queue = [];
      reader.wake();
      this.#onPace();
      return DONE;
    };
    const next = (): Promise<Result> => {
      const result = reader.turn.then(() => this.#next(reader));
      reader.turn = result;
      return result;
    };
    const loop: Loop = {
      next,
      return: leave,
      [Symbol.asyncIterator]: () => loop,
      [Symbol.asyncDispose]: async () => {
        await leave();
      },
    };
    return loop;
  }

  async #next(reader: Reader): Promise<Result> {
    for (;;) {
      const value = reader.queue.shift();
      if (value !== undefined) {
        const wasBehind = reader.bytes > this.#bytesMax;
        reader.bytes -= weightOf(value);
        if (wasBehind && reader.bytes <= this.#bytesMax) this.#onPace();
        return { done: false, value };
      }
      if (this.#isOver || !this.#readers.has(reader)) return DONE;
      await new Promise<void>((resolve) => {
        reader.wake = resolve;
      });
    }
  }
}

function weightOf(message: Message): number {
  return OVERHEAD_BYTES + (typeof message === "string" ? utf8(message) : message).length;
}
