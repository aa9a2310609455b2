/**
 * The path of nearly every beat: a peer at rest has sent a ping, and gets its answer.
 *
 * Nothing is made on it, but for whoever listens to beats. One for all connections of a server.
 * Easy to break: thousands may ping within one turn of the event loop, and each answer is a system call,
 * so answers that would hold everything else up wait for turns of their own. What was heard counts
 * at once, as ever.
 */
import { type Clock, type Instant, later } from "../base/time.ts";
import type { Connection } from "../connection/connection.ts";
import type { Resting } from "../connection/resting.ts";
import type { Alarms } from "./alarms.ts";
import type { Driven } from "./driven.ts";
import type { DrivenOwner } from "./driven-owner.ts";

/** For so long answers may hold up whatever else waits for the event loop. */
const PORTION_MS = 10;
/** As many take less than a millisecond or two, so the turns of a calm server are not counted. */
const BEATS_UNWATCHED = 128;
/** After so many answers the clock is looked at again. */
const ANSWERS_UNTIMED = 16;

interface RestSurroundings {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly report: (error: unknown) => void;
}

export class RestPath {
  readonly resting: Resting;
  readonly #owner: DrivenOwner;
  readonly #around: RestSurroundings;
  /** Who was heard and not answered yet, the first one first. */
  readonly #owed = new Set<Driven>();
  /** Beats since the event loop was last known to have begun a turn. */
  #beats = 0;
  /** Since when the present turn lasts, where that is being watched. */
  #turnFrom: Instant | undefined;

  constructor(resting: Resting, owner: DrivenOwner, around: RestSurroundings) {
    this.resting = resting;
    this.#owner = owner;
    this.#around = around;
  }

  /** False: it is none for somebody at rest, and nothing has changed. */
  beat(driven: Driven, byteCount: number, now: Instant): boolean {
    const { resting } = this;
    const { slot } = driven;
    const isFirst = resting.isSilent(slot);
    const seq = resting.ping(slot, byteCount, now);
    if (seq === 0) return false;
    this.#around.alarms.set(slot, resting.dueAt(slot));
    if (isFirst || this.#owner.wantsRestBeats === true) this.#tell(driven, isFirst, seq);
    if (resting.answer === false && driven.isAtRest) return true;
    if (this.#mayAnswer(now)) this.#answer(driven, now);
    else this.#owe(driven, now);
    return true;
  }

  /** A ping of the transport's own protocol, which the transport answers. */
  nativePing(driven: Driven, now: Instant): boolean {
    const { slot } = driven;
    if (this.resting.ping(slot, 0, now) === 0) return false;
    this.#around.alarms.set(slot, this.resting.dueAt(slot));
    return true;
  }

  /** Gets a peer up, which takes along what it is still owed. */
  rise(driven: Driven): Connection {
    const machine = this.resting.rise(driven.slot, driven.id);
    const { answer } = this.resting;
    if (this.#owed.delete(driven) && answer !== false) machine.output.pong(answer);
    return machine;
  }

  /** True: with nothing else to remember, a row of numbers will do. */
  layDown(driven: Driven, machine: Connection, now: Instant): boolean {
    // Whoever talks between its beats would only lie down to get up again.
    if (!machine.saidNothingSinceBeat() || driven.transport.isPreparing) return false;
    if (!this.resting.layDown(driven.slot, machine, now)) return false;
    this.#around.alarms.set(driven.slot, this.resting.dueAt(driven.slot));
    return true;
  }

  /** What listeners do meanwhile waits, as in a step. */
  #tell(driven: Driven, isFirst: boolean, seq: number): void {
    driven.doing = "a step";
    try {
      if (isFirst) this.#owner.onOpened(driven, "line", undefined);
    } catch (error) {
      this.#around.report(error);
    }
    try {
      this.#owner.onRestBeat?.(driven, seq);
    } catch (error) {
      this.#around.report(error);
    }
    driven.doing = "nothing";
  }

  #answer(driven: Driven, now: Instant): void {
    const { answer } = this.resting;
    if (!driven.isAtRest) {
      // A listener did something that got it up.
      if (answer !== false) driven.connection.output.pong(answer);
      driven.step(now);
    } else if (answer === false) {
      return;
    } else if (driven.transport.write(answer)) {
      this.resting.spoke(driven.slot, answer.length, now);
    } else {
      driven.connection.handleRefused(answer.length, now);
      driven.step(now);
    }
  }

  #mayAnswer(now: Instant): boolean {
    if (this.#owed.size > 0) return false; // They were here first.
    this.#beats += 1;
    if (this.#beats < BEATS_UNWATCHED) return true;
    if (this.#turnFrom === undefined) {
      this.#turnFrom = now;
      this.#around.clock.afterTurn(() => this.#onTurnOver());
      return true;
    }
    return now < later(this.#turnFrom, PORTION_MS);
  }

  #onTurnOver(): void {
    this.#beats = 0;
    this.#turnFrom = undefined;
    if (this.#owed.size > 0) this.#answerOwed();
  }

  /** One answer at most is owed to anybody: who asks again gets the earlier one at once. */
  #owe(driven: Driven, now: Instant): void {
    if (!driven.isAtRest || this.#owed.has(driven)) {
      this.#answer(driven, now);
      return;
    }
    this.#owed.add(driven);
    if (this.#turnFrom !== undefined) return;
    this.#turnFrom = now;
    this.#around.clock.afterTurn(() => this.#onTurnOver());
  }

  #answerOwed(): void {
    const { clock } = this.#around;
    const until = later(clock.now(), PORTION_MS);
    let count = 0;
    for (const driven of this.#owed) {
      const now = clock.now();
      count += 1;
      if (count % ANSWERS_UNTIMED === 0 && now >= until) break;
      this.#owed.delete(driven);
      this.#answer(driven, now);
    }
    if (this.#owed.size === 0) return;
    this.#turnFrom = clock.now();
    clock.afterTurn(() => this.#onTurnOver());
  }
}
