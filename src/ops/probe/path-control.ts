/**
 * Tells a death by silence from an outage of the whole path: one connection that is never silent.
 *
 * A death counts only if the busy connection was answered after it. If that dies as well, the
 * server or the whole path is gone, and what died around then says nothing about idle timeouts.
 *
 * Where the server answers nothing there is no such connection; a fresh dial stands in for it.
 */
import type { HoldfastError } from "../../base/errors.ts";
import { type Cancel, type Clock, elapsedMs, type Instant, later } from "../../base/time.ts";
import type { Welcome } from "../../wire/frame.ts";
import { ProbeConnection, type ProbeConnectionConfig } from "./probe-connection.ts";

export interface PathControlConfig {
  readonly connection: ProbeConnectionConfig;
  readonly beatMs: number;
  readonly answerWithinMs: number;
  readonly redialMs: number;
}

export interface PathControlHandlers {
  /** The first time that the path works, with what the server said of itself. */
  onReady(welcome: Welcome | undefined, remoteIp: string | undefined): void;
  /** The first dial led nowhere; nothing follows. */
  onFailed(error: HoldfastError): void;
  onRtt(rttMs: number): void;
  onOutage(isOver: boolean): void;
}

interface Question {
  readonly at: Instant;
  readonly answer: (wasUp: boolean) => void;
}

export class PathControl {
  readonly #config: PathControlConfig;
  readonly #clock: Clock;
  readonly #on: PathControlHandlers;
  #connection: ProbeConnection | undefined;
  #questions: Question[] = [];
  #timer: Cancel = () => {};
  /** When the beat or the dial that is under way began. */
  #askedAt: Instant;
  /** When the last outage was over. */
  #upAt: Instant | undefined;
  #state: "starting" | "up" | "down" | "over" = "starting";

  constructor(config: PathControlConfig, clock: Clock, on: PathControlHandlers) {
    this.#config = config;
    this.#clock = clock;
    this.#on = on;
    this.#askedAt = clock.now();
    this.#dial();
  }

  /**
   * Answers whether the path has worked ever since, and still does at a moment after this one. What
   * was sent into an outage may stay lost for as long as TCP waits before it sends it again.
   */
  ask(since: Instant, answer: (wasUp: boolean) => void): void {
    if (this.#state === "down") return answer(false);
    if (this.#upAt !== undefined && since < this.#upAt) return answer(false);
    this.#questions.push({ at: this.#clock.now(), answer });
    if (this.#isMute && this.#questions.length === 1) this.#dial();
  }

  end(): void {
    this.#state = "over";
    this.#timer();
    this.#connection?.end(true);
    this.#questions = [];
  }

  #isEnded(): boolean {
    return this.#state === "over";
  }

  get #isMute(): boolean {
    return this.#config.connection.speaks === "none";
  }

  #dial(): void {
    this.#askedAt = this.#clock.now();
    this.#connection?.end(false);
    this.#connection = new ProbeConnection(this.#config.connection, this.#clock, {
      onReady: (rttMs, welcome) => this.#handleReady(rttMs, welcome),
      onFailed: (error) => this.#handleFailed(error),
      onAnswer: (rttMs) => this.#handleAnswer(rttMs),
      onNoise: () => {},
      onFarewell: () => this.#handleLost(),
      onGone: () => this.#handleLost(),
    });
  }

  #handleReady(rttMs: number | undefined, welcome: Welcome | undefined): void {
    const was = this.#state;
    this.#state = "up";
    if (was === "starting") this.#on.onReady(welcome, this.#connection?.remoteIp);
    if (was === "down") {
      this.#upAt = this.#clock.now();
      this.#on.onOutage(true);
    }
    if (this.#isMute) {
      this.#connection?.end(true);
      this.#connection = undefined;
      this.#resolve();
      if (this.#questions.length > 0) this.#dial();
      return;
    }
    if (rttMs !== undefined) this.#on.onRtt(rttMs);
    this.#resolve();
    this.#beatLater();
  }

  #handleAnswer(rttMs: number): void {
    this.#on.onRtt(rttMs);
    this.#resolve();
    this.#beatLater();
  }

  #beatLater(): void {
    this.#timer();
    this.#timer = this.#clock.wakeAt(later(this.#clock.now(), this.#config.beatMs), () => {
      this.#askedAt = this.#clock.now();
      this.#connection?.ask();
      const until = later(this.#askedAt, this.#config.answerWithinMs);
      this.#timer = this.#clock.wakeAt(until, () => {
        // What arrived in time may wait unread.
        this.#timer = this.#clock.afterPoll(() => this.#handleLost());
      });
    });
  }

  /** Only what was asked after a death can speak about it. */
  #resolve(): void {
    const waiting = this.#questions;
    this.#questions = [];
    for (const question of waiting) {
      if (elapsedMs(question.at, this.#askedAt) >= 0) question.answer(true);
      else this.#questions.push(question);
    }
  }

  #handleFailed(error: HoldfastError): void {
    if (this.#state === "starting") {
      this.#state = "over";
      return this.#on.onFailed(error);
    }
    this.#handleLost();
  }

  #handleLost(): void {
    if (this.#state === "over") return;
    this.#timer();
    this.#connection?.end(false);
    this.#connection = undefined;
    const was = this.#state;
    this.#state = "down";
    const waiting = this.#questions;
    this.#questions = [];
    // Told first: the answers may end the whole run, and its report names the outage.
    if (was === "up") this.#on.onOutage(false);
    for (const { answer } of waiting) answer(false);
    if (this.#isEnded()) return;
    const at = later(this.#clock.now(), this.#config.redialMs);
    this.#timer = this.#clock.wakeAt(at, () => this.#dial());
  }
}
