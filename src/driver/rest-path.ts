/**
 * The path of nearly every beat: a peer at rest has sent a ping, and gets its answer.
 *
 * Nothing is made on it, but for whoever listens to beats. One for all connections of a server.
 * Easy to break: thousands may ping within one turn of the event loop, and each answer is a system
 * call, so answers that would hold everything else up wait for turns of their own. What was heard
 * counts at once, as ever.
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

/** Who is called what. */
export interface IdBook {
  /** Gives the slot this id, or one that is drawn for it. */
  enter(slot: number, id: string | undefined): void;
  text(slot: number): string;
  leave(slot: number): void;
}

interface RestSurroundings {
  readonly ids: IdBook;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly report: (error: unknown) => void;
}

export class RestPath {
  readonly resting: Resting;
  readonly ids: IdBook;
  readonly #owner: DrivenOwner;
  readonly #around: RestSurroundings;
  /** Who was heard and not answered yet; those from `#owedFrom` on, up to and without `#owedTo`. */
  readonly #owed: (Driven | undefined)[] = [];
  #owedFrom = 0;
  #owedTo = 0;
  /** Beats since the event loop was last known to have begun a turn. */
  #beats = 0;
  #isTurnWatched = false;
  /** Until when the present turn may last; in an array, where no number costs an object. */
  readonly #turnUntil = new Float64Array(1);
  readonly #whenTurnIsOver = (): void => this.#onTurnOver();

  constructor(resting: Resting, owner: DrivenOwner, around: RestSurroundings) {
    this.resting = resting;
    this.ids = around.ids;
    this.#owner = owner;
    this.#around = around;
  }

  /** False: it is none for somebody at rest, and nothing has changed. */
  beat(driven: Driven, byteCount: number): boolean {
    const { resting } = this;
    // Asked for here and not handed in: a moment costs an object on each way that is not inlined.
    const now = this.#around.clock.now();
    const { slot } = driven;
    const isFirst = resting.isSilent(slot);
    const seq = resting.ping(slot, byteCount, now);
    if (seq === 0) return false;
    this.#around.alarms.postpone(slot, now, resting.patienceMs);
    const isTold = isFirst || this.#owner.wantsRestBeats === true;
    if (isTold) this.#tell(driven, isFirst, seq, now);
    if (resting.answer === false && driven.isAtRest) return true;
    if (this.#mayAnswer(now)) this.#answer(driven, now);
    else this.#owe(driven, now);
    return true;
  }

  /** A ping of the transport's own protocol, which the transport answers. */
  nativePing(driven: Driven, now: Instant): boolean {
    const { slot } = driven;
    const count = this.resting.ping(slot, 0, now);
    if (count === 0) return false;
    this.#around.alarms.postpone(slot, now, this.resting.patienceMs);
    if (count === 1 && this.resting.isSilent(slot)) this.#owner.onNativePinged?.(driven);
    return true;
  }

  /** Gets a peer up, which takes along what it is still owed. */
  rise(driven: Driven): Connection {
    const machine = this.resting.rise(driven.slot, this.ids.text(driven.slot));
    const { answer } = this.resting;
    if (driven.doing !== "owing") return machine;
    driven.doing = "nothing";
    if (answer !== false) machine.output.pong(answer);
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
  #tell(driven: Driven, isFirst: boolean, seq: number, now: Instant): void {
    const wasOwing = driven.doing === "owing";
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
    driven.doing = wasOwing && driven.isAtRest ? "owing" : "nothing";
    // The answer to the ping before, which the one who got up could not take along.
    const { answer } = this.resting;
    if (!wasOwing || driven.isAtRest || answer === false) return;
    driven.connection.output.pong(answer);
    driven.step(now);
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
    if (this.#owedTo > 0) return false; // They were here first.
    this.#beats += 1;
    if (this.#beats < BEATS_UNWATCHED) return true;
    if (this.#isTurnWatched) return now < (this.#turnUntil[0] as number);
    this.#turnUntil[0] = later(now, PORTION_MS);
    this.#watchTurn();
    return true;
  }

  #watchTurn(): void {
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    this.#around.clock.afterTurn(this.#whenTurnIsOver);
  }

  #onTurnOver(): void {
    this.#beats = 0;
    this.#isTurnWatched = false;
    if (this.#owedTo > 0) this.#answerOwed();
  }

  /** One answer at most is owed to anybody: who asks again gets the earlier one at once. */
  #owe(driven: Driven, now: Instant): void {
    if (!driven.isAtRest || driven.doing === "owing") {
      this.#answer(driven, now);
      return;
    }
    driven.doing = "owing";
    this.#owed[this.#owedTo] = driven;
    this.#owedTo += 1;
    this.#watchTurn();
  }

  #answerOwed(): void {
    const { clock } = this.#around;
    const until = later(clock.now(), PORTION_MS);
    while (this.#owedFrom < this.#owedTo) {
      const now = clock.now();
      const isTimed = this.#owedFrom % ANSWERS_UNTIMED === ANSWERS_UNTIMED - 1;
      if (isTimed && now >= until) break;
      const driven = this.#owed[this.#owedFrom];
      this.#owed[this.#owedFrom] = undefined;
      this.#owedFrom += 1;
      // Who has got up since took along what it was owed.
      if (driven?.doing !== "owing") continue;
      driven.doing = "nothing";
      this.#answer(driven, now);
    }
    if (this.#owedFrom < this.#owedTo) {
      this.#watchTurn();
      return;
    }
    this.#owedFrom = 0;
    this.#owedTo = 0;
  }
}
