/**
 * One worker: a server that takes its limits from a primary, and tells it what goes on.
 *
 * It ends when the primary says so, or is gone: then, too, it drains first. What is easy to break:
 * nothing may be sent faster than it is taken. Lines have their relay, the state waits for the one
 * sent before, and rows go in portions, each after the other.
 */
import { type ErrorCode, isHoldfastError } from "../base/errors.ts";
import type { Company } from "../server/listen.ts";
import type { Server } from "../server/server.ts";
import { LineRelay } from "./line-relay.ts";
import { ROWS_MAX, type ToPrimary, type ToWorker, VERSION } from "./messages.ts";
import type { WorkerChannel } from "./worker-channel.ts";

/** How often a change is told, at most; well within the second in which limits have to follow. */
const STATE_MS = 100;
/** And how often the same is told again, as a sign of life. */
const STATE_MS_MAX = 1_000;
/** Its reaper looks every second; a busy loop may be late by some of them. */
const REAPER_LATE_MS_MAX = 5_000;
/** Lines that the primary has not written by then are lost, once it wants all to end at once. */
const LAST_LINES_MS = 500;

export interface Seat {
  readonly id: number;
  /** What the primary's program wants of this one. */
  readonly work: unknown;
  readonly company: Company;
  readonly relay: LineRelay;
}

export interface WorkerProgram {
  openServer(seat: Seat): Promise<Server>;
  /** One line that says how many lines of each name were dropped. */
  tellDropped(seat: Seat, counts: Readonly<Record<string, number>>): string;
}

type Start = Extract<ToWorker, { kind: "start" }>;
type Limit = Extract<ToWorker, { kind: "limit" }>;

export class Worker {
  readonly #program: WorkerProgram;
  readonly #channel: WorkerChannel;
  #server: Server | undefined;
  #seat: Seat | undefined;
  readonly #early: Limit[] = [];
  #isAtOnce = false;
  #isTellingRows = false;
  #isTellingState = false;
  #told = "";
  #toldAtMs = 0;
  #end: () => void = () => {};
  readonly #ended: Promise<void> = new Promise((resolve) => {
    this.#end = resolve;
  });
  #start: (start: Start | undefined) => void = () => {};
  readonly #started: Promise<Start | undefined> = new Promise((resolve) => {
    this.#start = resolve;
  });

  constructor(program: WorkerProgram, channel: WorkerChannel) {
    this.#program = program;
    this.#channel = channel;
  }

  /** Resolves with the exit code, once all is over and told. */
  async run(): Promise<number> {
    this.#channel.onMessage((message) => this.#onMessage(message));
    this.#channel.onEnd(() => {
      this.#seat?.relay.cut();
      this.#start(undefined);
      this.#end();
    });
    await this.#send({ kind: "hello", version: VERSION });
    const start = await this.#started;
    if (start === undefined) return 0;
    if (start.version !== VERSION) {
      return await this.#fail("OPTION_INVALID", "the primary is of another release; restart it");
    }
    const seat = this.#take(start);
    try {
      this.#server = await this.#program.openServer(seat);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return await this.#fail(error.code, error.message);
    }
    return await this.#serve(this.#server, seat);
  }

  /** Somebody told this process alone to go. */
  leave(): void {
    void this.#send({ kind: "leaving" });
    this.#end();
  }

  #take({ id, work, sharing, parts }: Start): Seat {
    const relay = new LineRelay({
      send: (text) => void this.#send({ kind: "lines", text }),
      tellDropped: (counts) => this.#program.tellDropped(seat, counts),
      soon: (run) => void setImmediate(run),
    });
    const seat: Seat = { id, work, relay, company: { sharing, parts: new Map(parts) } };
    this.#seat = seat;
    return seat;
  }

  async #serve(server: Server, seat: Seat): Promise<number> {
    for (const limit of this.#early) this.#obey(server, limit);
    const { urls } = server;
    const kernel = server.kernelOptions();
    const certificates = server.certificates();
    await this.#send({ kind: "listening", urls, kernel, certificates });
    const timer = setInterval(() => this.#tellState(server), STATE_MS);
    await this.#ended;
    await (this.#isAtOnce ? server.destroy() : server.close());
    clearInterval(timer);
    await this.#untilTold(seat);
    await this.#send({ kind: "gone", stats: server.stats() });
    return 0;
  }

  async #untilTold({ relay }: Seat): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      if (this.#isAtOnce) timer = setTimeout(resolve, LAST_LINES_MS);
    });
    await Promise.race([relay.idle(), late]);
    clearTimeout(timer);
  }

  async #fail(code: ErrorCode, text: string): Promise<number> {
    await this.#send({ kind: "failed", code, text });
    return 1;
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case "start":
        return this.#start(message);
      case "limit":
        // What comes before the server stands is done, and answered, when it does.
        if (this.#server === undefined) this.#early.push(message);
        else this.#obey(this.#server, message);
        return;
      case "taken":
        return this.#seat?.relay.onTaken(message.batches);
      case "tell-rows":
        return void this.#tellRows(message.ask);
      case "drain":
        return this.#drain(message.atOnce);
      default:
        return message satisfies never;
    }
  }

  #obey(server: Server, { name, value }: Limit): void {
    void this.#send({ kind: "obeyed", name, value: server.setLimit(name, value) });
  }

  #drain(atOnce: boolean): void {
    const isSecond = this.#isAtOnce || atOnce;
    this.#isAtOnce ||= atOnce;
    this.#start(undefined);
    this.#end();
    if (isSecond) void this.#server?.destroy();
  }

  /** Nothing is queued: what is told is what is the case when the last word has left. */
  #tellState(server: Server): void {
    // Whoever does not watch over its connections any more is as good as silent.
    if (this.#isTellingState || server.reaperLateMs() > REAPER_LATE_MS_MAX) return;
    const uses = server.limitUses();
    const stats = server.stats();
    const told = JSON.stringify([uses, stats]);
    const nowMs = performance.now();
    const isHungry = uses.some(({ hunger }) => hunger === 2);
    if (told === this.#told && !isHungry && nowMs - this.#toldAtMs < STATE_MS_MAX) return;
    this.#told = told;
    this.#toldAtMs = nowMs;
    this.#isTellingState = true;
    void this.#send({ kind: "state", uses, stats }).then(() => {
      this.#isTellingState = false;
    });
  }

  async #tellRows(ask: number): Promise<void> {
    if (this.#isTellingRows) return;
    this.#isTellingRows = true;
    const all = this.#server?.connections() ?? [];
    let at = 0;
    do {
      const rows = all.slice(at, at + ROWS_MAX);
      at += ROWS_MAX;
      await this.#send({ kind: "rows", ask, rows, isLast: at >= all.length });
    } while (at < all.length);
    this.#isTellingRows = false;
  }

  async #send(message: ToPrimary): Promise<void> {
    await this.#channel.send(message);
  }
}
