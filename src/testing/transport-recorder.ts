/** Watches one end of a pipe for the promises that hold at all times. */
import { assert } from "../base/assert.ts";
import type { Attach, Transport, TransportHandlers } from "../transports/transport.ts";

/** How long anything may take that is expected at all. A limit, not a wait. */
const LIMIT_MS = 10_000;

/**
 * Keeps what the handlers were told, and asserts that none runs inside a call of ours, or after
 * the end. A broken promise inside a handler shows in whatever is awaited next.
 */
export class Recorder implements TransportHandlers {
  bytesIn = 0;
  /** The first bytes received, for tests that look at them. */
  head: number[] = [];
  readCount = 0;
  drainedCount = 0;
  finishedCount = 0;
  closedCount = 0;
  /** The pipe had something to agree on, and has. */
  readyCount = 0;
  fault: Error | undefined;
  /** The piece lent last, kept although it must not be. */
  lent: Uint8Array | undefined;
  /** Called at the end of each onBytes. */
  onRead: ((bytes: Uint8Array) => void) | undefined;
  /** Bytes that differ from `patternAt`. */
  wrongBytes = 0;
  #transport: Transport | undefined;
  #isInside = false;
  #isReset = false;
  #broken: Error | undefined;
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  attach(attach: Attach): void {
    this.#transport = this.call(() => attach(this));
  }

  get transport(): Transport {
    assert(this.#transport !== undefined, "the end is attached");
    return this.#transport;
  }

  /** Everything that the test asks of its transport goes through here. */
  call<T>(run: () => T): T {
    this.#isInside = true;
    try {
      return run();
    } finally {
      this.#isInside = false;
    }
  }

  write(bytes: Uint8Array): boolean {
    return this.call(() => this.transport.write(bytes));
  }

  finish(): void {
    this.call(() => this.transport.finish());
  }

  reset(): boolean {
    this.#isReset = true;
    return this.call(() => this.transport.reset());
  }

  pause(): void {
    this.call(() => this.transport.pause());
  }

  resume(): void {
    this.call(() => this.transport.resume());
  }

  onBytes(bytes: Uint8Array): void {
    this.#check("onBytes", false);
    for (const byte of bytes.subarray(0, 64)) if (this.head.length < 64) this.head.push(byte);
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== patternAt(this.bytesIn + at)) this.wrongBytes += 1;
    }
    this.bytesIn += bytes.length;
    this.readCount += 1;
    this.lent = bytes;
    this.onRead?.(bytes);
    this.#tell();
  }

  onSwitched(transport: Transport): void {
    this.#check("onSwitched", false);
    assert(this.bytesIn === 0, "a pipe goes on as another one before its first byte only");
    this.#transport = transport;
    this.#tell();
  }

  onReady(): void {
    this.#check("onReady", false);
    assert(!this.transport.isPreparing, "a pipe that is ready says so");
    this.readyCount += 1;
    this.#tell();
  }

  onHeard(): void {
    this.#check("onHeard", false);
  }

  onDrained(): void {
    this.#check("onDrained", false);
    this.drainedCount += 1;
    this.#tell();
  }

  onFinished(): void {
    this.#check("onFinished", false);
    this.finishedCount += 1;
    this.#tell();
  }

  onClosed(fault: Error | undefined): void {
    this.#check("onClosed", true);
    this.closedCount += 1;
    this.fault = fault;
    this.#tell();
  }

  /** Resolves when `holds` does, looked at after each handler. Rejects with `what` at the limit. */
  async until(what: string, holds: () => boolean): Promise<void> {
    this.verify();
    if (!holds()) {
      const reached = new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }));
      await within(reached, what);
    }
    this.verify();
  }

  /** Resolves when it may write. */
  ready(): Promise<void> {
    return this.until("the pipe is ready", () => !this.transport.isPreparing);
  }

  closed(): Promise<void> {
    return this.until("onClosed runs", () => this.closedCount > 0);
  }

  /** Throws the first promise that was broken inside a handler, if there was one. */
  verify(): void {
    const broken = this.#broken;
    if (broken !== undefined) throw broken;
  }

  #check(name: string, isLast: boolean): void {
    if (this.#isInside) this.#break(`${name} does not run inside a call of ours`);
    if (this.closedCount > 0) this.#break(`${name} does not run after onClosed`);
    if (this.#isReset && !isLast) this.#break(`${name} does not run after reset`);
  }

  #break(promise: string): void {
    this.#broken ??= new Error(`broken promise: ${promise}`);
  }

  #tell(): void {
    const reached = this.#waiting.filter(({ holds }) => this.#broken !== undefined || holds());
    this.#waiting = this.#waiting.filter((one) => !reached.includes(one));
    for (const { resolve } of reached) resolve();
  }
}

/** What byte stands at a position, with a period that no buffer size is a multiple of. */
function patternAt(position: number): number {
  return position % 251;
}

/** Bytes `from` to `from + count` of the pattern. */
export function pattern(from: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at++) bytes[at] = patternAt(from + at);
  return bytes;
}

export async function within<T>(result: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = new Error(`did not happen within ${LIMIT_MS} ms: ${what}`);
    timer = setTimeout(() => reject(late), LIMIT_MS);
  });
  try {
    return await Promise.race([result, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export function turns(count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const next = (): void => {
      left -= 1;
      if (left < 0) resolve();
      else setTimeout(next, 0);
    };
    next();
  });
}
