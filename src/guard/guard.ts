/**
 * The door to liveness for servers and sockets that somebody already has: one line to add it, one
 * to remove it.
 */
import { HoldfastError } from "../base/errors.ts";
import { reporting } from "../base/observation.ts";
import { OptionReader } from "../base/options.ts";
import { reportUncaught, systemRandom, unobtrusiveClock } from "../driver/system.ts";
import { listenForArrivals } from "./arrivals.ts";
import { Flock, type GuardEvents } from "./flock.ts";
import type { GuardRecord } from "./guard-record.ts";
import type { GuardStats } from "./guard-stats.ts";
import { type GuardTarget, type Recognised, recognise } from "./guard-target.ts";
import { type GuardedInfo, infoOf } from "./guarded-connection.ts";
import { Kernel } from "./kernel.ts";
import { mark, marked } from "./mark.ts";
import { type GuardOptions, resolveGuard } from "./options.ts";

export interface GuardDrainOptions {
  /**
   * How long each connection has to leave after it was asked to.
   *
   * @unit milliseconds
   * @range 0 to 600_000
   * @default 5_000
   */
  readonly graceMs?: number | undefined;

  /**
   * Over how long the asking is spread, so that peers do not come back all at once.
   *
   * @unit milliseconds
   * @range 0 to 600_000
   * @default 0: all are asked at once.
   */
  readonly spreadMs?: number | undefined;
}

/** Watches over the connections of one target until `stop()`. */
export interface Guard {
  /** What was counted since the start. Stays readable after `stop()`. */
  stats(): GuardStats;

  /** All guarded connections as they are now. Looks at each of them; empty after `stop()`. */
  connections(): GuardedInfo[];

  /** The last `recordsMax` ends, newest last. Stays readable after `stop()`. */
  records(): GuardRecord[];

  /**
   * Listens to "suspect" (it may be dead), "alive" (it is not) or "end" (exactly one for each
   * connection that ended while it was guarded, by whose doing ever). Returns its own undo. What a
   * listener throws is reported as an uncaught error. After `stop()` nothing is told.
   */
  on<Name extends keyof GuardEvents>(
    name: Name,
    listener: (...args: GuardEvents[Name]) => void,
  ): () => void;

  /**
   * Asks every connection that is guarded now to leave: WebSockets by a close frame with code 1001,
   * raw sockets by the end of our side. Whoever is still there `graceMs` later is ended. Resolves
   * when all have ended, or at `stop()`. Newcomers are not refused: close your server for that.
   * Connections that are still being made are left alone.
   *
   * Rejects with HoldfastError `OPTION_INVALID`, naming the option, its range and what came.
   */
  drain(options?: GuardDrainOptions): Promise<void>;

  /**
   * Takes away every listener, timer and reference of the guard. Connections are not touched and
   * live on; no record is made for them. A second call does nothing.
   */
  stop(): void;

  /** The same as `stop`. */
  [Symbol.dispose](): void;
}

/**
 * Adds liveness to a server or a socket that is not ours: dead peers are found within a bound and
 * destroyed, live ones never are for a fault of this process, and every end has a record.
 *
 * A silent peer is dead at the latest `timeoutMs` after its last sign of life, plus `timeoutMs / 8`
 * (how often bytes are looked for), one tick of 25 ms, and our own measured lateness. A peer on
 * WebSocket, or on a raw socket with `ping`, is asked before. The dead are destroyed at once, by a
 * TCP reset where one can be sent. Nothing is read from the target, and nothing is written to it
 * but pings of WebSocket or the `ping` that was given. Connections that the application does not
 * read are not judged. The guard keeps no process alive.
 *
 * @throws HoldfastError `OPTION_INVALID` for an option that is unknown or outside its range, for a
 * target that is none, and for one that is guarded already or closed.
 *
 * @example
 * const watch = guard(webSocketServer, { timeoutMs: 30_000 });
 * watch.on("end", (connection, record) => console.log(connection.address, record.sentence));
 */
export function guard(target: GuardTarget, options?: GuardOptions): Guard {
  const given = resolveGuard(options);
  const config = { ...given, observe: reporting(given.observe, reportUncaught) };
  const recognised = recognise(target);
  refuseUnfit(recognised, config.ping !== undefined);
  const kernel = new Kernel(config.kernel, config.observe);
  const clock = unobtrusiveClock;
  const world = { clock, kernel, random: systemRandom, report: reportUncaught };
  return new TargetGuard(recognised, new Flock(config, world), clock);
}

class TargetGuard implements Guard {
  readonly #flock: Flock;
  readonly #clock: typeof unobtrusiveClock;
  #undo: (() => void) | undefined;

  constructor(recognised: Recognised, flock: Flock, clock: typeof unobtrusiveClock) {
    this.#flock = flock;
    this.#clock = clock;
    switch (recognised.is) {
      case "stream":
        flock.onSocket(recognised.target);
        break;
      case "websocket":
        flock.onWebSocket(recognised.target);
        break;
      default:
        mark(recognised.target, this);
        this.#undo = endServerGuard(recognised, listenForArrivals(recognised, flock));
    }
  }

  stats(): GuardStats {
    return this.#flock.counters.stats(this.#flock.size);
  }

  connections(): GuardedInfo[] {
    return Array.from(this.#flock.members(), (guarded) => infoOf(guarded, this.#clock));
  }

  records(): GuardRecord[] {
    return this.#flock.records.list();
  }

  on<Name extends keyof GuardEvents>(
    name: Name,
    listener: (...args: GuardEvents[Name]) => void,
  ): () => void {
    return this.#flock.events.on(name, listener);
  }

  async drain(options?: GuardDrainOptions): Promise<void> {
    const read = new OptionReader("drain", options);
    const graceMs = read.integer("graceMs", { default: 5_000, min: 0, max: 600_000 });
    const spreadMs = read.integer("spreadMs", { default: 0, min: 0, max: 600_000 });
    read.done();
    await this.#flock.drain(graceMs, spreadMs);
  }

  stop(): void {
    this.#undo?.();
    this.#undo = undefined;
    this.#flock.release();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

function endServerGuard({ target }: Recognised, undo: () => void): () => void {
  return () => {
    undo();
    mark(target, undefined);
  };
}

function refuseUnfit(recognised: Recognised, hasPing: boolean): void {
  const { is, target } = recognised;
  if (marked(target) !== undefined) {
    throw refusal("expected a target that is not guarded yet, got one that is; call its stop()");
  }
  const isClosed =
    (is === "stream" && target.destroyed) || (is === "websocket" && target.readyState > 1);
  if (isClosed) throw refusal("expected an open connection, got one that is closed or closing");
  if (hasPing && (is === "websocket" || is === "websocket-server")) {
    throw refusal("`ping` is for raw sockets; WebSocket has pings of its own, which are used");
  }
}

function refusal(what: string): HoldfastError {
  return new HoldfastError("OPTION_INVALID", `guard: ${what}`);
}
