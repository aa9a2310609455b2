/**
 * What happens when a server with many clients dies: a simulation, and checks of any backoff.
 *
 * All clients lose their connection at time 0. The server comes back after the outage, completes
 * so many handshakes per second, keeps a bounded queue before that and refuses the rest at once.
 * Time is in whole milliseconds; the same options and seed give the same report.
 *
 * The one queue needs no events of its own: with a fixed time per handshake it is known on arrival
 * when a handshake will be complete, and so whether its client will still be there.
 */
import { assert } from "../base/assert.ts";
import { type Random, seededRandom, uniform } from "../base/random.ts";

/** The wait after `attempt` + 1 fruitless dials, in milliseconds. */
export type DelayOf = (attempt: number, random: Random) => number;

export interface StormOptions {
  readonly clients: number;
  /** For how long the server refuses everyone. */
  readonly outageMs: number;
  readonly handshakesPerSecond: number;
  /** How many handshakes may wait; false for a queue without bound. */
  readonly queueMax: number | false;
  /** Whether the server works for clients that have left; with an unbounded queue that latches. */
  readonly servesAbandoned: boolean;
  /** Whether a refusal names a time to return: the next one that nobody else was given. */
  readonly assignsSlots: boolean;
  readonly attemptTimeoutMs: number;
  /** How soon a refused dial fails; at least 1. */
  readonly refusedAfterMs: number;
  /** The wait between losing the connection and the first dial. */
  readonly firstDelayOf: (random: Random) => number;
  readonly delayOf: DelayOf;
  /** When the simulation stops. */
  readonly limitMs: number;
  readonly seed: number;
}

export interface StormFinding {
  readonly what: "latched" | "stampede";
  readonly sentence: string;
}

export interface StormReport {
  /** Dials that reached the server, or the place where it was, in each second. */
  readonly arrivalsPerSecond: readonly number[];
  readonly peakPerSecond: number;
  /** The worst second once the server was there to suffer it. */
  readonly peakAfterOutagePerSecond: number;
  /** The mean; 1 is perfect. */
  readonly attemptsPerClient: number;
  /** When so many were back, counted from the loss; undefined if that did not happen. */
  readonly halfBackMs: number | undefined;
  readonly mostBackMs: number | undefined;
  readonly allBackMs: number | undefined;
  readonly findings: readonly StormFinding[];
}

/** @throws Error for a limit that has no place in memory: it is one entry per millisecond. */
export function simulateStorm(options: StormOptions): StormReport {
  const { clients, limitMs, firstDelayOf, delayOf, refusedAfterMs } = options;
  assert(clients >= 1 && limitMs >= 1 && limitMs <= 36_000_000, "a storm has clients and an end");
  const random = seededRandom(options.seed);
  const agenda = new Agenda(clients, limitMs);
  const server = new StormServer(options, random);
  const failures = new Uint32Array(clients);
  const seconds = new Array<number>(Math.ceil((limitMs + 1) / 1_000)).fill(0);
  const backAtMs: number[] = [];
  let attempts = 0;
  for (let client = 0; client < clients; client++) agenda.add(client, firstDelayOf(random));

  for (let nowMs = 0; nowMs <= limitMs; nowMs++) {
    for (let client = agenda.take(nowMs); client >= 0; client = agenda.take(nowMs)) {
      const second = Math.floor(nowMs / 1_000);
      seconds[second] = (seconds[second] as number) + 1;
      attempts += 1;
      const answer = server.handleDial(nowMs);
      if (answer.isBack) {
        if (answer.atMs <= limitMs) backAtMs.push(answer.atMs);
        continue;
      }
      const attempt = failures[client] as number;
      failures[client] = attempt + 1;
      const delayMs = Math.max(answer.retryAfterMs, delayOf(attempt, random));
      // At least 1 ms passes, whatever a policy says: a storm must end, even one of NaN.
      const failedAtMs = Math.max(answer.atMs, nowMs + Math.max(1, refusedAfterMs));
      agenda.add(client, failedAtMs + (delayMs > 0 ? delayMs : 0));
    }
  }
  backAtMs.sort((a, b) => a - b);
  const backAt = (share: number): number | undefined => backAtMs[Math.ceil(clients * share) - 1];
  return {
    arrivalsPerSecond: seconds,
    peakPerSecond: peakOf(seconds),
    peakAfterOutagePerSecond: peakOf(seconds.slice(Math.ceil(options.outageMs / 1_000))),
    attemptsPerClient: attempts / clients,
    halfBackMs: backAt(0.5),
    mostBackMs: backAt(0.99),
    allBackMs: backAt(1),
    findings: findStorms(options, seconds, backAtMs),
  };
}

function peakOf(seconds: readonly number[]): number {
  return seconds.reduce((most, one) => Math.max(most, one), 0);
}

/** Which client dials in which millisecond: a chain per millisecond, so that a step costs O(1). */
class Agenda {
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  constructor(clients: number, limitMs: number) {
    this.#first = new Int32Array(limitMs + 1).fill(-1);
    this.#next = new Int32Array(clients).fill(-1);
  }

  /** What lies beyond the limit is forgotten: it is not back by then. */
  add(client: number, atMs: number): void {
    const slot = Math.floor(atMs);
    if (!(slot >= 0 && slot < this.#first.length)) return;
    this.#next[client] = this.#first[slot] as number;
    this.#first[slot] = client;
  }

  /** The next client of this millisecond, or -1. */
  take(atMs: number): number {
    const client = this.#first[atMs] as number;
    if (client >= 0) this.#first[atMs] = this.#next[client] as number;
    return client;
  }
}

type Answer =
  | { readonly isBack: true; readonly atMs: number }
  /** `atMs` is when the client knows. */
  | { readonly isBack: false; readonly atMs: number; readonly retryAfterMs: number };

class StormServer {
  readonly #options: StormOptions;
  readonly #random: Random;
  readonly #handshakeMs: number;
  /** When the last handshake in the queue will be complete. */
  #busyUntilMs: number;
  #slotMs = 0;

  constructor(options: StormOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#handshakeMs = 1_000 / options.handshakesPerSecond;
    this.#busyUntilMs = options.outageMs;
  }

  handleDial(nowMs: number): Answer {
    const { outageMs, queueMax, attemptTimeoutMs, servesAbandoned } = this.#options;
    if (nowMs < outageMs) return { isBack: false, atMs: nowMs, retryAfterMs: 0 };
    const startMs = Math.max(nowMs, this.#busyUntilMs);
    const isFull = queueMax !== false && (startMs - nowMs) / this.#handshakeMs >= queueMax;
    if (isFull) return { isBack: false, atMs: nowMs, retryAfterMs: this.#assignSlotMs(nowMs) };
    const doneMs = startMs + this.#handshakeMs;
    const isInTime = doneMs - nowMs <= attemptTimeoutMs;
    if (isInTime || servesAbandoned) this.#busyUntilMs = doneMs;
    if (isInTime) return { isBack: true, atMs: doneMs };
    return { isBack: false, atMs: nowMs + attemptTimeoutMs, retryAfterMs: 0 };
  }

  #assignSlotMs(nowMs: number): number {
    if (!this.#options.assignsSlots) return 0;
    this.#slotMs = Math.max(this.#slotMs, this.#busyUntilMs) + this.#handshakeMs;
    return this.#slotMs - nowMs + uniform(this.#random, 0, 500);
  }
}

/** Clients in step, rather than spread, send more than this share of themselves in one second. */
const STAMPEDE_SHARE = 0.25;
/** Below this many times what the server can do in a second, it is no more than a busy second. */
const STAMPEDE_LOAD = 2;

function findStorms(
  options: StormOptions,
  seconds: readonly number[],
  backAtMs: readonly number[],
): StormFinding[] {
  const findings: StormFinding[] = [];
  const lost = options.clients - backAtMs.length;
  if (lost > 0) {
    const all = options.clients;
    const sentence = `${lost} of ${all} clients were not back after ${options.limitMs} ms`;
    findings.push({ what: "latched", sentence });
  }
  const busy = STAMPEDE_LOAD * options.handshakesPerSecond;
  let back = 0;
  // What hits a server that is down harms nobody, so only the time after the outage is judged.
  for (let second = Math.ceil(options.outageMs / 1_000); second < seconds.length; second++) {
    while ((backAtMs[back] ?? Number.POSITIVE_INFINITY) < second * 1_000) back += 1;
    const away = options.clients - back;
    const arrivals = seconds[second] as number;
    if (arrivals <= away * STAMPEDE_SHARE || arrivals <= busy) continue;
    const sentence = `in second ${second}, ${away} clients were away and dialled ${arrivals} times`;
    findings.push({ what: "stampede", sentence });
    break;
  }
  return findings;
}
