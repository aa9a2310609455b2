/**
 * One worker, as its primary sees it.
 *
 * It may be stopped, broken or of another release, so nothing here waits for it without a limit,
 * and what it says is checked before it counts.
 */
import cluster, { type Worker } from "node:cluster";
import { type Clock, elapsedMs, type Instant, later } from "../base/time.ts";
import type { ConnectionInfo } from "../server/server-connection.ts";
import type { ServerStats } from "../server/server-stats.ts";
import {
  type Listening,
  readToPrimary,
  type ToPrimary,
  type ToWorker,
  VERSION,
} from "./messages.ts";
import { sumStats } from "./stats-sum.ts";

/** How long its connections may take to leave: the grace period, the last word, and some more. */
const LEAVE_MS_MAX = 10_000;
/** How long it may take to listen; a machine that starts many at once is slow. */
const READY_MS_MAX = 30_000;
/** How long they may take to leave where nobody waits for them. */
const LEAVE_AT_ONCE_MS_MAX = 2_000;

export type Readiness =
  | { readonly isUp: true }
  /** `code` is missing where the process ended without a word. */
  | { readonly isUp: false; readonly code?: string | undefined; readonly text: string };

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether it said goodbye. */
  readonly isOrderly: boolean;
}

export interface WorkerOwner {
  onState(worker: WorkerProcess, state: Extract<ToPrimary, { kind: "state" }>): void;
  onObeyed(worker: WorkerProcess, message: Extract<ToPrimary, { kind: "obeyed" }>): void;
  /** Called when it listens, and never for one that does not come up. */
  onUp(worker: WorkerProcess): void;
  onLeaving(worker: WorkerProcess): void;
  onExit(worker: WorkerProcess, exit: Exit): void;
  /** Writes whole lines; a promise where the writer wants a pause. */
  writeLines(worker: WorkerProcess, text: string): Promise<void> | undefined;
}

type Start = Extract<ToWorker, { kind: "start" }>;

export class WorkerProcess {
  readonly id: number;
  readonly startedAt: Instant;
  /** Resolves when it listens, or will not. */
  readonly ready: Promise<Readiness>;
  readonly exited: Promise<void>;
  listening: Listening | undefined;
  stats: ServerStats = sumStats([]);
  heardAt: Instant;
  upAt: Instant | undefined;
  isLeaving = false;
  isGone = false;
  #saidGoodbye = false;
  readonly #process: Worker;
  readonly #owner: WorkerOwner;
  readonly #clock: Clock;
  #setReady: (readiness: Readiness) => void = () => {};
  #setExited: () => void = () => {};
  #cancelKill: () => void = () => {};
  #asked = 0;
  #rows: ConnectionInfo[] = [];
  #onRows: ((rows: ConnectionInfo[] | undefined) => void) | undefined;

  /** Which program it runs is what `cluster.setupPrimary` was told. */
  constructor(id: number, start: Omit<Start, "kind" | "version" | "id">, seat: WorkerSeat) {
    this.id = id;
    this.#owner = seat.owner;
    this.#clock = seat.clock;
    this.startedAt = seat.clock.now();
    this.heardAt = this.startedAt;
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.exited = new Promise((resolve) => {
      this.#setExited = resolve;
    });
    this.#cancelKill = seat.clock.wakeAt(later(this.startedAt, READY_MS_MAX), () => {
      const text = `a worker process did not come to listen within ${READY_MS_MAX / 1_000} s`;
      this.#setReady({ isUp: false, text });
      this.kill();
    });
    this.#process = cluster.fork();
    this.#process.on("message", (value: unknown) => {
      const message = readToPrimary(value);
      if (message === undefined) return this.kill();
      this.heardAt = this.#clock.now();
      if (message.kind !== "hello") return this.#onMessage(message);
      if (message.version !== VERSION) return this.#refuse();
      return this.#send({ kind: "start", version: VERSION, id, ...start });
    });
    this.#process.on("error", () => {}); // A message that could not be sent; "exit" tells why.
    this.#process.on("exit", (code, signal) => this.#onExit(code, signal));
  }

  get pid(): number | undefined {
    return this.#process.process.pid;
  }

  limit(name: Extract<ToWorker, { kind: "limit" }>["name"], value: number): void {
    this.#send({ kind: "limit", name, value });
  }

  /** It stops accepting, and ends when its connections have left, or after a limit. */
  drain(atOnce: boolean): void {
    if (this.isGone) return;
    this.isLeaving = true;
    this.#send({ kind: "drain", atOnce });
    this.#cancelKill();
    const limitMs = atOnce ? LEAVE_AT_ONCE_MS_MAX : LEAVE_MS_MAX;
    const at = later(this.#clock.now(), limitMs);
    this.#cancelKill = this.#clock.wakeAt(at, () => this.kill());
  }

  kill(): void {
    this.#process.process.kill("SIGKILL");
  }

  /** What it holds, or undefined if it does not say so in time. */
  rows(limitMs: number): Promise<ConnectionInfo[] | undefined> {
    this.#onRows?.(undefined);
    this.#asked += 1;
    this.#rows = [];
    return new Promise((resolve) => {
      const at = later(this.#clock.now(), limitMs);
      const cancel = this.#clock.wakeAt(at, () => this.#onRows?.(undefined));
      this.#onRows = (rows) => {
        cancel();
        this.#onRows = undefined;
        resolve(rows);
      };
      this.#send({ kind: "tell-rows", ask: this.#asked });
    });
  }

  #onMessage(message: Exclude<ToPrimary, { kind: "hello" }>): void {
    switch (message.kind) {
      case "listening":
        this.listening = message;
        this.upAt = this.#clock.now();
        if (!this.isLeaving) this.#cancelKill();
        this.#setReady({ isUp: true });
        return this.#owner.onUp(this);
      case "failed":
        return this.#setReady({ isUp: false, code: message.code, text: message.text });
      case "state":
        this.stats = message.stats;
        return this.#owner.onState(this, message);
      case "obeyed":
        return this.#owner.onObeyed(this, message);
      case "lines":
        return this.#write(message.text);
      case "rows":
        if (message.ask !== this.#asked) return;
        this.#rows.push(...message.rows);
        if (message.isLast) this.#onRows?.(this.#rows);
        return;
      case "leaving":
        this.drain(false);
        return this.#owner.onLeaving(this);
      case "gone":
        this.#saidGoodbye = true;
        this.stats = message.stats;
        return;
      default:
        message satisfies never;
    }
  }

  #write(text: string): void {
    const taken = (): void => this.#send({ kind: "taken", batches: 1 });
    const pause = this.#owner.writeLines(this, text);
    if (pause === undefined) taken();
    else void pause.then(taken);
  }

  #refuse(): void {
    const text = "the program on the disk is of another release; restart all of it";
    this.#setReady({ isUp: false, code: "OPTION_INVALID", text });
    this.kill();
  }

  #send(message: ToWorker): void {
    if (this.isGone || !this.#process.isConnected()) return;
    // What cannot be sent goes to a process that is about to end, which "exit" tells.
    this.#process.send(message, () => {});
  }

  #onExit(code: number | null, signal: string | null): void {
    this.isGone = true;
    this.#cancelKill();
    this.#onRows?.(undefined);
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    const livedMs = Math.round(elapsedMs(this.startedAt, this.#clock.now()));
    const text = `a worker process ended ${how} after ${livedMs} ms, before it listened`;
    this.#setReady({ isUp: false, text });
    this.#owner.onExit(this, { code, signal, isOrderly: this.#saidGoodbye });
    this.#setExited();
  }
}

export interface WorkerSeat {
  readonly owner: WorkerOwner;
  readonly clock: Clock;
}
