/** One end of a connection on trial (engine-trial.ts), as promises. */
import { ignore } from "../stream-transport.ts";
import type { Attach, Transport, TransportHandlers } from "../transport.ts";

/** Of so many bytes the values are kept; of more the count only. */
const KEPT_BYTES = 16;

export class TrialEnd implements TransportHandlers {
  /** Rejects with what went wrong. */
  readonly opened: Promise<void>;
  readonly switched: Promise<void>;
  readonly drained: Promise<void>;
  readonly finished: Promise<void>;
  readonly closed: Promise<void>;
  fault: Error | undefined;
  onSwitched: (transport: Transport) => void = ignore;
  onDrained: () => void = ignore;
  onFinished: () => void = ignore;
  #setOpened: () => void = ignore;
  #setClosed: () => void = ignore;
  #fail: (error: Error) => void = ignore;
  #transport: Transport | undefined;
  readonly #bytes: number[] = [];
  #byteCount = 0;
  #awaited: { readonly holds: () => boolean; readonly resolve: () => void } | undefined;

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#setOpened = resolve;
      this.#fail = reject;
    });
    // Whoever waits for it hears of the failure; nobody may be waiting yet.
    this.opened.catch(ignore);
    this.switched = new Promise((resolve) => {
      this.onSwitched = (transport) => {
        this.#transport = transport;
        resolve();
      };
    });
    this.drained = new Promise((resolve) => {
      this.onDrained = resolve;
    });
    this.finished = new Promise((resolve) => {
      this.onFinished = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
  }

  get transport(): Transport {
    if (this.#transport === undefined) throw new Error("it is not open");
    return this.#transport;
  }

  attach(attach: Attach): void {
    try {
      this.#transport = attach(this);
      this.#setOpened();
    } catch (error) {
      // What this engine leans on is not here. Inside an event nobody else would catch it.
      this.#fail(error as Error);
    }
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  abandon(): void {
    this.#transport?.reset();
  }

  /** All that came so far. */
  heard(text: string): Promise<void> {
    return this.#until(() => this.#bytes.join() === text);
  }

  received(byteCount: number): Promise<void> {
    return this.#until(() => this.#byteCount === byteCount);
  }

  onBytes(bytes: Uint8Array): void {
    this.#byteCount += bytes.length;
    this.#bytes.push(...bytes.subarray(0, KEPT_BYTES - this.#bytes.length));
    this.#look();
  }

  onClosed(fault: Error | undefined): void {
    this.fault = fault;
    this.#setClosed();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { holds, resolve };
      this.#look();
    });
  }

  #look(): void {
    if (this.#awaited?.holds() === true) this.#awaited.resolve();
  }
}
