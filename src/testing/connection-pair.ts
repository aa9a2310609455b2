/**
 * Two connections and the wire between them, on one pretended clock.
 *
 * The wire is what a kernel makes of it: it takes bytes until a buffer is full, delivers them in
 * chunks of any size, swallows them for ever once it is cut, and can be read slowly. Every chunk is
 * overwritten after it was delivered, since bytes are only lent.
 */
import { assert } from "../base/assert.ts";
import { seededRandom } from "../base/random.ts";
import { type Instant, later } from "../base/time.ts";
import type { ConnectionConfig, Greeting, WelcomeTerms } from "../connection/config.ts";
import { Connection } from "../connection/connection.ts";
import type { Effect, Message } from "../connection/effects.ts";
import type { Pace } from "../connection/pace.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { lineWords } from "../wire/line-words.ts";

export const CLIENT_CONFIG: ConnectionConfig = {
  role: "client",
  accepts: { line: false, frame: true },
  words: lineWords("ping", "pong"),
  lineBytesMax: 64 * 1024,
  messageBytesMax: 1024 * 1024,
  outboxBytesMax: 16 * 1024 * 1024,
  outboxHighWaterBytes: 64 * 1024,
  handshakeTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  agent: "test",
  liveness: {
    intervalMs: 30_000,
    answerWithinMs: 5_000,
    answersExpected: true,
    timeoutMs: 60_000,
    leaseMsMin: 100,
    leaseMsMax: 60_000,
    drainTimeoutMs: 60_000,
    pauseMsMax: 60_000,
    pingIntervalMsMin: 100,
  },
};

export const SERVER_CONFIG: ConnectionConfig = {
  ...CLIENT_CONFIG,
  role: "server",
  accepts: { line: true, frame: true },
  liveness: { ...CLIENT_CONFIG.liveness, intervalMs: false },
};

export const LINE_CLIENT_CONFIG: ConnectionConfig = {
  ...CLIENT_CONFIG,
  accepts: { line: true, frame: false },
};

/** The same config with other numbers. */
export function withLiveness(
  config: ConnectionConfig,
  liveness: Partial<ConnectionConfig["liveness"]>,
): ConnectionConfig {
  return { ...config, liveness: { ...config.liveness, ...liveness } };
}

const TERMS: WelcomeTerms = {
  epoch: "e",
  reconnectWindowMs: 5_000,
  previous: undefined,
  networkKey: undefined,
};

/** One direction of the wire. */
export class Direction {
  /** What it takes before it refuses. */
  capacityBytes: number = 256 * 1024;
  /** How much of it the reader takes in a millisecond. */
  bytesPerMs: number = Number.POSITIVE_INFINITY;
  chunkBytes: number = 64 * 1024;
  delayMs = 0;
  /** Swallows whatever comes, without a word. */
  cut = false;
  paused = false;
  queue: { bytes: Uint8Array; at: Instant }[] = [];
  queuedBytes = 0;
  refused = false;
  finished = false;
  finishTold = false;

  put(bytes: Uint8Array, now: Instant): boolean {
    this.queue.push({ bytes: bytes.slice(), at: later(now, this.delayMs) });
    this.queuedBytes += bytes.length;
    this.refused = this.queuedBytes > this.capacityBytes;
    return !this.refused;
  }
}

export class Side {
  readonly effects: Effect[] = [];
  readonly delivered: Message[] = [];
  readonly out: Direction = new Direction();
  readonly connection: Connection;
  closed = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  seen<Kind extends Effect["do"]>(kind: Kind): Extract<Effect, { do: Kind }>[] {
    return this.effects.filter((effect) => effect.do === kind) as never;
  }

  get end(): Extract<Effect, { do: "end" }>["facts"] | undefined {
    return this.seen("end")[0]?.facts;
  }
}

export interface PairOptions {
  readonly client?: ConnectionConfig;
  readonly server?: ConnectionConfig;
  readonly greeting?: Greeting;
  readonly seed?: number;
  /** Decides the client's interval. */
  readonly pace?: Pace;
  /** Whether HELLO is answered with WELCOME by itself; so it is unless this is false. */
  readonly welcomes?: boolean;
}

/** For tests that hold in both dialects: a name and the options of a pair. */
export const BOTH_DIALECTS: readonly (readonly [string, PairOptions])[] = [
  ["line", { client: LINE_CLIENT_CONFIG }],
  ["frame", {}],
];

export class ConnectionPair {
  now: Instant = 1_000 as Instant;
  readonly client: Side;
  readonly server: Side;
  readonly stalls: StallLog = new StallLog({ stallToleranceMs: 250 });
  readonly #welcomes: boolean;
  /** Answers "judge" with `condemn` by itself. */
  condemns = true;
  /** What "measure" is answered with; undefined: unknown. */
  unacked: (side: Side) => number | undefined = () => undefined;
  windowIsShut = false;

  constructor(options: PairOptions = {}) {
    this.#welcomes = options.welcomes ?? true;
    const random = seededRandom(options.seed ?? 1);
    const context = { stalls: this.stalls, random };
    this.client = new Side(
      new Connection(
        options.client ?? CLIENT_CONFIG,
        { id: "c", secret: "" },
        { ...context, pace: options.pace },
        options.greeting ?? { token: undefined, previous: undefined },
        this.now,
      ),
    );
    this.server = new Side(
      new Connection(
        options.server ?? SERVER_CONFIG,
        { id: "s", secret: "secret" },
        context,
        undefined,
        this.now,
      ),
    );
    this.settle();
  }

  /** Lets time pass, from deadline to deadline, until `ms` have gone by. */
  run(ms: number): void {
    const until = later(this.now, ms);
    this.settle();
    for (;;) {
      const due = this.#nextAt();
      if (due === undefined || due > until) break;
      this.now = Math.max(due, this.now) as Instant;
      this.settle();
      for (const side of [this.client, this.server]) {
        const at = side.connection.deadline();
        if (at !== undefined && at <= this.now) side.connection.handleTimeout(this.now);
      }
      this.settle();
    }
    this.now = until;
    this.settle();
  }

  settle(): void {
    let busy = true;
    while (busy) {
      busy = this.#perform(this.client, this.server) || this.#perform(this.server, this.client);
      busy = this.#carry(this.client, this.server) || busy;
      busy = this.#carry(this.server, this.client) || busy;
    }
  }

  /** Both directions swallow everything from now on. */
  cut(): void {
    this.client.out.cut = true;
    this.server.out.cut = true;
  }

  #nextAt(): Instant | undefined {
    let next: Instant | undefined;
    for (const side of [this.client, this.server]) {
      const at = side.connection.deadline();
      if (at !== undefined && (next === undefined || at < next)) next = at;
      const { out } = side;
      if (out.cut || out.paused || out.queue.length === 0) continue;
      const step = Number.isFinite(out.bytesPerMs) ? 10 : 0;
      const moveAt = Math.max(out.queue[0]?.at ?? 0, this.now + step) as Instant;
      if (next === undefined || moveAt < next) next = moveAt;
    }
    return next;
  }

  #perform(side: Side, other: Side): boolean {
    const effect = side.connection.poll(this.now);
    if (effect === undefined) return false;
    side.effects.push(effect);
    switch (effect.do) {
      case "write":
        assert(!side.out.finished, "nothing is written after FIN");
        side.connection.handleWritten(side.out.put(effect.bytes, this.now), this.now);
        break;
      case "deliver":
        side.delivered.push(effect.data);
        break;
      case "hello":
        if (this.#welcomes) side.connection.welcome(TERMS, this.now);
        break;
      case "judge":
        if (this.condemns) side.connection.condemn(this.now);
        break;
      case "measure":
        side.connection.handleUnacked(
          { unackedBytes: this.unacked(side), unsentBytes: 0, windowIsShut: this.windowIsShut },
          this.now,
        );
        break;
      case "finish":
        side.out.finished = true;
        break;
      case "pause":
        other.out.paused = true;
        break;
      case "resume":
        other.out.paused = false;
        break;
      case "end":
        side.closed = true;
        if (!side.out.cut && !other.closed) this.#closeOther(side, other);
        break;
      default:
        break;
    }
    return true;
  }

  /** What the other side's kernel tells it when this side is gone. */
  #closeOther(side: Side, other: Side): void {
    const orderly = side.end?.orderly === true || (side.out.finished && other.out.finished);
    const fault = orderly ? undefined : Object.assign(new Error("reset"), { code: "ECONNRESET" });
    if (!orderly) other.connection.handleClosed(fault, this.now);
  }

  #lastCarryAt: Record<string, Instant> = {};

  #carry(from: Side, to: Side): boolean {
    const { out } = from;
    if (out.cut || out.paused || to.closed) return false;
    let budget = this.#budget(from);
    let moved = false;
    while (out.queue.length > 0 && budget > 0) {
      const first = out.queue[0] as { bytes: Uint8Array; at: Instant };
      if (first.at > this.now) break;
      const size = Math.min(first.bytes.length, out.chunkBytes, budget);
      const chunk = first.bytes.slice(0, size);
      if (size === first.bytes.length) out.queue.shift();
      else first.bytes = first.bytes.subarray(size);
      out.queuedBytes -= size;
      budget -= size;
      to.connection.handleBytes(chunk, this.now);
      chunk.fill(0xaa);
      moved = true;
      while (this.#perform(to, from)) if (out.paused) return true;
    }
    if (out.refused && out.queuedBytes <= out.capacityBytes) {
      out.refused = false;
      from.connection.handleDrained(true, this.now);
      moved = true;
    }
    if (out.finished && !out.finishTold && out.queue.length === 0) {
      out.finishTold = true;
      to.connection.handleFinished(undefined, this.now);
      if (to.out.finished && to.out.finishTold) this.#closeBoth();
      moved = true;
    }
    return moved;
  }

  #closeBoth(): void {
    this.client.connection.handleClosed(undefined, this.now);
    this.server.connection.handleClosed(undefined, this.now);
  }

  #budget(from: Side): number {
    const { bytesPerMs } = from.out;
    if (!Number.isFinite(bytesPerMs)) return Number.POSITIVE_INFINITY;
    const name = from === this.client ? "client" : "server";
    const last = this.#lastCarryAt[name] ?? this.now;
    if (this.now - last < 10) {
      this.#lastCarryAt[name] ??= this.now;
      return 0;
    }
    this.#lastCarryAt[name] = this.now;
    return Math.floor(bytesPerMs * Math.min(this.now - last, 10));
  }
}
