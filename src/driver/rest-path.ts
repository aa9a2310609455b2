/**
 * The path of nearly every beat: a peer at rest has sent a ping, and gets its answer.
 *
 * Nothing is made on it, but for whoever listens to beats. One for all connections of a server.
 * Easy to break: thousands may ping within one turn of the event loop, and each answer is a system
 * call, so answers that would hold everything else up wait for turns of their own. What was heard
 * counts at once, as ever. When even reading takes too long, others wait unread (held-back.ts).
 */
import { type Clock, type Instant, later, latest } from "../base/time.ts";
import type { Connection } from "../connection/connection.ts";
import type { Resting } from "../connection/resting.ts";
import type { Alarms } from "./alarms.ts";
import type { Driven } from "./driven.ts";
import type { DrivenOwner } from "./driven-owner.ts";
import { HeldBack, isUnread } from "./held-back.ts";

/** For so long answers may hold up whatever else waits for the event loop. */
const PORTION_MS = 8;
/** And reading for so long, which begins with those that are answered. */
const READING_MS = 10;
/** When to look again at somebody whose silence is ours. */
const UNREAD_MS = 100;
/**
 * As many take a millisecond or two, so the turns of a calm server are not counted, and what
 * it costs to be told of the end of one is little beside the beats that it stands for.
 */
const BEATS_UNWATCHED = 160;
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
  readonly #heldBack: HeldBack;
  /** Who was heard and not answered yet; those from `#owedFrom` on, up to and without `#owedTo`. */
  readonly #owed: (Driven | undefined)[] = [];
  #owedFrom = 0;
  #owedTo = 0;
  /** Beats since the event loop was last known to have begun a turn. */
  #beats = 0;
  #isTurnWatched = false;
  /** Answers are owed that the turn which brought the pings had no time for. */
  #isTurnSpent = false;
  /** When the present turn began; in an array, where no number costs an object. */
  readonly #turnFrom = new Float64Array(1);
  /** The moment of the beat at hand, for the same reason: one that is handed on may cost one. */
  readonly #beatAt = new Float64Array(1);
  readonly #whenTurnIsOver = (): void => this.#onTurnOver();

  constructor(resting: Resting, owner: DrivenOwner, around: RestSurroundings) {
    this.resting = resting;
    this.ids = around.ids;
    this.#owner = owner;
    this.#around = around;
    this.#heldBack = new HeldBack(around.alarms, resting);
  }

  /** False: it is none for somebody at rest, and nothing has changed. */
  beat(driven: Driven, byteCount: number): boolean {
    const { resting } = this;
    this.#beatAt[0] = this.#around.clock.now();
    const { slot } = driven;
    const isFirst = resting.isSilent(slot);
    if (!resting.ping(slot, byteCount, this.#beatAt)) return false;
    this.#around.alarms.postpone(slot, this.#beatAt, resting.patienceMs);
    if (driven.doing !== "nothing" && isUnread(driven)) this.#heldBack.release(driven);
    const isTold = isFirst || this.#owner.wantsRestBeats === true;
    if (isTold) this.#tell(driven, isFirst);
    this.#beats += 1;
    if (this.#beats < BEATS_UNWATCHED && this.#owedTo === 0) this.#answer(driven);
    else this.#answerInCrowd(driven);
    return true;
  }

  /** A ping of the transport's own protocol, which the transport answers. */
  nativePing(driven: Driven, now: Instant): boolean {
    const { slot } = driven;
    this.#beatAt[0] = now;
    if (!this.resting.ping(slot, 0, this.#beatAt)) return false;
    this.#around.alarms.postpone(slot, this.#beatAt, this.resting.patienceMs);
    if (isUnread(driven)) this.#heldBack.release(driven);
    this.#beats += 1;
    if (this.#beats >= BEATS_UNWATCHED && this.#turnMs() >= READING_MS) {
      this.#heldBack.holdSome();
    }
    const isFirst = this.resting.isSilent(slot) && this.resting.pingsIn(slot) === 1;
    if (isFirst) this.#owner.onNativePinged?.(driven);
    return true;
  }

  /** Somebody who is awake was read, who was not before `now`. */
  wasRead(now: Instant): void {
    this.#beats += 1;
    if (this.#beats < BEATS_UNWATCHED) return;
    this.#beatAt[0] = now;
    if (this.#turnMs() >= READING_MS) this.#heldBack.holdSome();
  }

  /** Something is done to somebody who is held, or was let in just now: then it is read as ever. */
  letIn(driven: Driven): void {
    this.#heldBack.release(driven);
  }

  /**
   * When a peer has to be looked at if nothing comes: not while it is we who are deaf. Undefined:
   * the machine of one who is awake has to say.
   */
  dueAt(driven: Driven, now: Instant): Instant | undefined {
    const dueAt = driven.isAtRest ? this.resting.dueAt(driven.slot) : undefined;
    if (!isUnread(driven)) return dueAt;
    const nextAt = later(now, UNREAD_MS);
    return dueAt === undefined ? nextAt : latest(dueAt, nextAt);
  }

  /** Gets a peer up, which takes along what it is still owed. */
  rise(driven: Driven): Connection {
    if (isUnread(driven)) this.#heldBack.release(driven);
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
  #tell(driven: Driven, isFirst: boolean): void {
    const wasOwing = driven.doing === "owing";
    const seq = this.resting.pingsIn(driven.slot);
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
    driven.step(this.#now);
  }

  #answer(driven: Driven): void {
    const { answer } = this.resting;
    if (!driven.isAtRest) {
      // A listener did something that got it up.
      if (answer !== false) driven.connection.output.pong(answer);
      driven.step(this.#now);
    } else if (answer === false) {
      return;
    } else if (driven.transport.write(answer)) {
      this.resting.spoke(driven.slot, answer.length, this.#beatAt);
    } else {
      driven.connection.handleRefused(answer.length, this.#now);
      driven.step(this.#now);
    }
  }

  /** Many have been read in this turn, or others are owed an answer, who were here first. */
  #answerInCrowd(driven: Driven): void {
    const turnMs = this.#turnMs();
    if (this.resting.answer !== false || !driven.isAtRest) {
      if (this.#owedTo > 0 || turnMs >= PORTION_MS) this.#owe(driven);
      else this.#answer(driven);
    }
    if (turnMs >= READING_MS) this.#heldBack.holdSome();
  }

  /** The moment of the beat, for what is not asked for at each of them. */
  get #now(): Instant {
    return this.#beatAt[0] as Instant;
  }

  /** How long this turn has lasted, which begins now if nobody has looked at it yet. */
  #turnMs(): number {
    if (this.#isTurnWatched) return (this.#beatAt[0] as number) - (this.#turnFrom[0] as number);
    this.#turnFrom[0] = this.#beatAt[0] as number;
    this.#watchTurn();
    return 0;
  }

  #watchTurn(): void {
    this.#isTurnWatched = true;
    this.#around.clock.afterTurn(this.#whenTurnIsOver);
  }

  #onTurnOver(): void {
    this.#beats = 0;
    this.#isTurnWatched = false;
    // Answers after a turn that had no time for them would make it longer still.
    if (!this.#isTurnSpent) this.#answerOwed();
    this.#isTurnSpent = false;
    this.#heldBack.letSomeIn();
    if (this.#owedTo === 0 && this.#heldBack.isEmpty) return;
    this.#turnFrom[0] = this.#around.clock.now();
    this.#watchTurn();
  }

  /** One answer at most is owed to anybody: who asks again gets the earlier one at once. */
  #owe(driven: Driven): void {
    if (!driven.isAtRest || driven.doing === "owing") {
      this.#answer(driven);
      return;
    }
    driven.doing = "owing";
    if (this.#owedTo === 0) this.#isTurnSpent = true;
    this.#owed[this.#owedTo] = driven;
    this.#owedTo += 1;
  }

  #answerOwed(): void {
    const { clock } = this.#around;
    const until = later(clock.now(), PORTION_MS);
    while (this.#owedFrom < this.#owedTo) {
      this.#beatAt[0] = clock.now();
      const isTimed = this.#owedFrom % ANSWERS_UNTIMED === ANSWERS_UNTIMED - 1;
      if (isTimed && this.#now >= until) break;
      const driven = this.#owed[this.#owedFrom];
      this.#owed[this.#owedFrom] = undefined;
      this.#owedFrom += 1;
      // Who has got up since took along what it was owed.
      if (driven?.doing !== "owing") continue;
      driven.doing = "nothing";
      this.#answer(driven);
    }
    if (this.#owedFrom < this.#owedTo) return;
    this.#owedFrom = 0;
    this.#owedTo = 0;
  }
}
