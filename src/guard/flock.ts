/**
 * All guarded connections of one guard: takes them in, lets the reaper judge them, tells of them,
 * lets go of them.
 */
import type { Socket } from "node:net";
import { Emitter } from "../base/emitter.ts";
import { EndRing } from "../base/end-ring.ts";
import type { Random } from "../base/random.ts";
import { uniform } from "../base/random.ts";
import { type Clock, elapsedMs, later } from "../base/time.ts";
import { Reaper } from "../driver/reaper.ts";
import type { ArrivalHandlers } from "./arrivals.ts";
import {
  type Ending,
  type GuardEvidence,
  type GuardRecord,
  guardSentence,
} from "./guard-record.ts";
import { GuardCounters } from "./guard-stats.ts";
import type { WebSocketLike } from "./guard-target.ts";
import type { Guarded } from "./guarded.ts";
import { connectionOf, type GuardedConnection, idOf } from "./guarded-connection.ts";
import { GuardedStream } from "./guarded-stream.ts";
import { GuardedWebSocket } from "./guarded-web-socket.ts";
import type { Kernel } from "./kernel.ts";
import { marked } from "./mark.ts";
import type { GuardConfig } from "./options.ts";
import type { GuardedOwner, Surroundings } from "./surroundings.ts";

/** What a guard tells; names and arguments of its events. */
export interface GuardEvents {
  suspect: [connection: GuardedConnection];
  alive: [connection: GuardedConnection];
  end: [connection: GuardedConnection, record: GuardRecord];
}

interface World {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: (error: unknown) => void;
}

export class Flock implements GuardedOwner, ArrivalHandlers {
  readonly events: Emitter<GuardEvents>;
  readonly counters: GuardCounters = new GuardCounters();
  readonly records: EndRing<GuardRecord>;
  readonly #members = new Set<Guarded>();
  readonly #around: Surroundings;
  /** Those who wait for members to leave. */
  readonly #drains = new Set<Drain>();
  #isOver = false;

  constructor(config: GuardConfig, world: World) {
    const { observe } = config;
    const { clock, random, kernel } = world;
    const surroundings = { clock, random, observe };
    const reaper = new Reaper(config.reaper, surroundings, this, this.counters);
    const { counters } = this;
    this.#around = { ...world, config, reaper, counters, owner: this };
    this.events = new Emitter(world.report);
    this.records = new EndRing(config.recordsMax);
    void this.#tuneWhenReady(kernel);
  }

  get size(): number {
    return this.#members.size;
  }

  members(): Iterable<Guarded> {
    return this.#members;
  }

  onSocket(socket: Socket): void {
    if (socket.destroyed || marked(socket) !== undefined) return; // Another guard has it already.
    this.#add(new GuardedStream(socket, this.#nextNumber(), this.#around, this.#now()));
  }

  onWebSocket(webSocket: WebSocketLike): void {
    if (webSocket.readyState > 1 || marked(webSocket) !== undefined) return;
    this.#add(new GuardedWebSocket(webSocket, this.#nextNumber(), this.#around, this.#now()));
  }

  verifyAll(): void {
    for (const guarded of this.#members) guarded.verifySoon();
  }

  onSuspicion(guarded: Guarded, isSuspect: boolean): void {
    const event = isSuspect ? "suspect" : "alive";
    if (!this.events.has(event)) return;
    this.events.emit(event, connectionOf(guarded, this.#around.clock));
  }

  onEnd(guarded: Guarded, ending: Ending, evidence: GuardEvidence, reset: boolean): void {
    this.#members.delete(guarded);
    this.counters.countEnd(ending.code);
    const record = this.#recordOf(guarded, ending, evidence, reset);
    this.records.push(record);
    for (const drain of this.#drains) this.#note(drain, guarded);
    if (!this.events.has("end")) return;
    this.events.emit("end", connectionOf(guarded, this.#around.clock), record);
  }

  /** Asks all who are here and connected to leave. Resolves when they left, or were let go of. */
  drain(graceMs: number, spreadMs: number): Promise<void> {
    const now = this.#now();
    const left = new Set([...this.#members].filter(({ isConnected }) => isConnected));
    for (const guarded of left) {
      guarded.drain(later(now, uniform(this.#around.random, 0, spreadMs)), graceMs);
    }
    if (left.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#drains.add({ left, resolve }));
  }

  /** Lets go of all, and forgets every timer. */
  release(): void {
    this.#isOver = true;
    for (const guarded of this.#members) guarded.release();
    this.#members.clear();
    this.#around.reaper.close();
    this.events.clear();
    for (const { resolve } of this.#drains) resolve();
    this.#drains.clear();
  }

  #add(guarded: Guarded): void {
    this.counters.accepted += 1;
    this.#members.add(guarded);
  }

  #nextNumber(): number {
    return this.counters.accepted + 1;
  }

  #now(): ReturnType<Clock["now"]> {
    return this.#around.clock.now();
  }

  #note(drain: Drain, guarded: Guarded): void {
    drain.left.delete(guarded);
    if (drain.left.size > 0) return;
    this.#drains.delete(drain);
    drain.resolve();
  }

  #recordOf(
    guarded: Guarded,
    ending: Ending,
    evidence: GuardEvidence,
    reset: boolean,
  ): GuardRecord {
    const { code, by, cause, peerSaid } = ending;
    const livedMs = elapsedMs(guarded.openedAt, this.#now());
    return {
      id: idOf(guarded),
      code,
      by,
      sentence: guardSentence(ending, evidence, livedMs),
      remote: guarded.remote,
      kind: guarded.kind,
      openedAtWallMs: guarded.openedAtWallMs,
      endedAtWallMs: this.#around.clock.wallNow(),
      livedMs,
      reset,
      peerSaid,
      cause,
      evidence,
    };
  }

  /** Native code is loaded in the background; whoever came before it is tuned then. */
  async #tuneWhenReady(kernel: Kernel): Promise<void> {
    await kernel.load();
    if (this.#isOver) return;
    for (const guarded of this.#members) guarded.tune();
  }
}

interface Drain {
  readonly left: Set<Guarded>;
  readonly resolve: () => void;
}
