/**
 * One idle time, tried: a connection is opened, left alone, asked, and judged.
 *
 * Easy to break: nobody is judged on input that waits unread, so each deadline is followed by a
 * poll pass; and a death counts only once the control has shown that the path itself still works.
 */
import type { HoldfastError } from "../../base/errors.ts";
import { type Cancel, type Clock, elapsedMs, type Instant, later } from "../../base/time.ts";
import type { EffectiveKernelOptions } from "../../transports/transport.ts";
import type { PathControl } from "./path-control.ts";
import { type Gone, ProbeConnection, type ProbeConnectionConfig } from "./probe-connection.ts";
import type { Outcome, Sample } from "./sample.ts";

export interface IdleTrialConfig {
  readonly id: number;
  readonly connection: ProbeConnectionConfig;
  readonly group: Sample["group"];
  readonly idleMs: number;
  readonly answerWithinMs: number;
  /** How long a silent one is watched for a reset, or an answer, that comes after all. */
  readonly watchMs: number;
  /** Nothing is asked: only what comes by itself can be seen. */
  readonly isMute: boolean;
  /** When the probe began. */
  readonly beganAt: Instant;
}

export interface IdleTrialHandlers {
  /** May be called again: an answer or a reset that comes late corrects the first verdict. */
  onSample(trial: IdleTrial, sample: Sample): void;
  onRtt(rttMs: number): void;
  onOpened(trial: IdleTrial): void;
  onFailed(trial: IdleTrial, error: HoldfastError): void;
  /** Nothing more comes. */
  onOver(trial: IdleTrial): void;
}

/** Our clocks disagree by more: the machine slept, and nobody knows how long the silence was. */
const SLEEP_MS_MIN = 1_000;

const GREETING_MS_MAX = 2_000;

export class IdleTrial {
  readonly config: IdleTrialConfig;
  kernel: EffectiveKernelOptions | undefined;
  readonly #clock: Clock;
  readonly #control: PathControl;
  readonly #on: IdleTrialHandlers;
  readonly #connection: ProbeConnection;
  #timer: Cancel = () => {};
  #quietAt: Instant | undefined;
  #quietAtWallMs = 0;
  #askedAt: Instant | undefined;
  #isOver = false;
  /** Verdicts that the control has not confirmed yet. */
  #pendingCount = 0;
  #isDiscarded = false;
  /** Nothing more comes of it. */
  isToldOver = false;

  constructor(config: IdleTrialConfig, control: PathControl, clock: Clock, on: IdleTrialHandlers) {
    this.config = config;
    this.#control = control;
    this.#clock = clock;
    this.#on = on;
    this.#connection = new ProbeConnection(config.connection, clock, {
      onReady: (rttMs) => this.#handleReady(rttMs),
      onFailed: (error) => this.#handleFailed(error),
      onAnswer: (rttMs) => this.#handleAnswer(rttMs),
      onNoise: (what) => this.#handleNoise(what),
      onFarewell: (what) => this.#settle("discarded", undefined, what),
      onGone: (how) => this.#handleGone(how),
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get wasAsked(): boolean {
    return this.#askedAt !== undefined;
  }

  /** How long it has been silent; undefined before and after. */
  idleMs(now: Instant): number | undefined {
    return this.#quietAt === undefined ? undefined : elapsedMs(this.#quietAt, now);
  }

  /** Ends it; what it would have shown is known already, or nobody wants to know. */
  end(): void {
    if (this.#isOver) return;
    this.#over(true);
  }

  /** Asks when it has been silent for so long, or now if it has been for longer. */
  askAfter(idleMs: number): void {
    if (this.#askedAt !== undefined || this.#isOver) return;
    if (this.#quietAt === undefined) return this.end(); // Nobody waits for who is not even there.
    this.#timer();
    this.#timer = this.#clock.wakeAt(later(this.#quietAt, idleMs), () => {
      // An end that came by itself may wait unread; asking into it would look like another death.
      this.#timer = this.#clock.afterPoll(() => this.#ask());
    });
  }

  #handleReady(rttMs: number | undefined): void {
    this.#quietAt = this.#clock.now();
    this.#quietAtWallMs = this.#clock.wallNow();
    this.kernel = this.#connection.kernelOptions();
    if (rttMs !== undefined) this.#on.onRtt(rttMs);
    this.#on.onOpened(this);
    if (this.config.group === "plain") this.askAfter(this.config.idleMs);
  }

  /** Many a server greets whoever comes; later than that it breaks the silence. */
  #handleNoise(what: string): void {
    const now = this.#clock.now();
    if (this.#askedAt !== undefined || (this.idleMs(now) ?? 0) > GREETING_MS_MAX) {
      return this.#settle("discarded", undefined, what);
    }
    this.#quietAt = now;
    this.#quietAtWallMs = this.#clock.wallNow();
    if (this.config.group === "plain") this.askAfter(this.config.idleMs);
  }

  #handleFailed(error: HoldfastError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#on.onFailed(this, error);
    this.#tellOver();
  }

  #ask(): void {
    if (this.config.isMute) return this.#settle("open", undefined, undefined);
    const now = this.#clock.now();
    this.#askedAt = now;
    if (this.#overslept(now)) {
      return this.#settle("discarded", undefined, "this machine was asleep in between");
    }
    this.#connection.ask();
    this.#timer = this.#clock.wakeAt(later(now, this.config.answerWithinMs), () => {
      this.#timer = this.#clock.afterPoll(() => this.#handleSilence());
    });
  }

  #overslept(now: Instant): boolean {
    const wallMs = this.#clock.wallNow() - this.#quietAtWallMs;
    return Math.abs(wallMs - (this.idleMs(now) ?? 0)) > SLEEP_MS_MIN;
  }

  #handleAnswer(rttMs: number): void {
    this.#settle("survived", rttMs, undefined);
  }

  #handleSilence(): void {
    const { send, speaks } = this.config.connection;
    if (speaks !== "none" || send === undefined) return this.#judgeSilence();
    // A server that answers nothing may still have taken the text, as its kernel tells.
    this.#connection.readTaken((isTaken) => {
      if (this.#isOver) return;
      if (isTaken === true) this.#settle("survived", undefined, "its kernel took the text");
      else if (isTaken === false) this.#judgeSilence();
      else this.#settle("discarded", undefined, "nobody here can tell whether the text arrived");
    });
  }

  #judgeSilence(): void {
    const { answerWithinMs, watchMs } = this.config;
    this.#confirm("silent", answerWithinMs);
    const watchUntil = later(this.#askedAt ?? this.#clock.now(), watchMs);
    this.#timer = this.#clock.wakeAt(watchUntil, () => {
      this.#timer = this.#clock.afterPoll(() => {
        this.#confirm("silent", watchMs);
        this.#over(false);
      });
    });
  }

  #handleGone(how: Gone): void {
    const afterMs =
      this.#askedAt === undefined ? undefined : elapsedMs(this.#askedAt, this.#clock.now());
    this.#timer();
    if (afterMs === undefined) this.#confirm(`${how}-idle`, undefined);
    else this.#confirm(how === "finished" ? "finished" : "reset", afterMs);
    this.#over(false);
  }

  /** A death, if the control says so. What was discarded once is not brought back by waiting. */
  #confirm(outcome: Outcome, afterMs: number | undefined): void {
    if (this.#isDiscarded) return;
    const sample = this.#sample(outcome, afterMs, undefined);
    this.#pendingCount += 1;
    this.#control.ask(this.#askedAt ?? this.#clock.now(), (wasUp) => {
      this.#pendingCount -= 1;
      const why = "the server or the whole path was away at that time";
      if (wasUp) this.#on.onSample(this, sample);
      else {
        this.#isDiscarded = true;
        this.#on.onSample(this, { ...sample, outcome: "discarded", why });
      }
      this.#tellOver();
    });
  }

  #settle(outcome: Outcome, afterMs: number | undefined, why: string | undefined): void {
    if (this.#isOver) return;
    this.#on.onSample(this, this.#sample(outcome, afterMs, why));
    this.#over(true);
  }

  #sample(outcome: Outcome, afterMs: number | undefined, why: string | undefined): Sample {
    const at = this.#askedAt ?? this.#clock.now();
    const { id, group, idleMs: plannedMs } = this.config;
    const atMs = fine(elapsedMs(this.config.beganAt, this.#clock.now()));
    const idleMs = fine(this.idleMs(at) ?? 0);
    const after = afterMs === undefined ? undefined : fine(afterMs);
    return { id, group, plannedMs, idleMs, outcome, afterMs: after, atMs, why };
  }

  #over(orderly: boolean): void {
    this.#isOver = true;
    this.#timer();
    this.#connection.end(orderly);
    this.#tellOver();
  }

  #tellOver(): void {
    if (!this.#isOver || this.#pendingCount > 0 || this.isToldOver) return;
    this.isToldOver = true;
    this.#on.onOver(this);
  }
}

/** Hundredths of a millisecond: what is finer is noise. */
function fine(ms: number): number {
  return Math.round(ms * 100) / 100;
}
