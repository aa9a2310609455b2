/** What a guard counts. Everything else can be derived from its records. */
import type { ErrorCode } from "../base/errors.ts";

export interface GuardStats {
  /** Guarded now. */
  readonly open: number;
  /** Of these, whose silence counts. */
  readonly judged: number;
  /**
   * Of these, whose silence does not: the application paused them, never began to read, holds bytes
   * that it has not read, or they are still connecting. As of the last look at each.
   */
  readonly notJudged: number;
  /** Suspect now. */
  readonly suspects: number;
  /** Taken in since the start. */
  readonly accepted: number;
  /** Ended since the start, by the code of the record; a code that never came is absent. */
  readonly ended: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Times when a connection became suspect. */
  readonly suspicions: number;
  readonly pingsSent: number;
  /** Answers by WebSocket pongs, or by what `isAnswer` recognised. */
  readonly pingsAnswered: number;
  /** Times when this process was late. */
  readonly stalls: number;
  /** Batches of expired connections that were held for a second look. */
  readonly massExpiries: number;
}

/** The same while it is counted. */
export class GuardCounters {
  notJudged = 0;
  suspects = 0;
  accepted = 0;
  suspicions = 0;
  pingsSent = 0;
  pingsAnswered = 0;
  stalls = 0;
  massExpiries = 0;
  readonly #ended = new Map<ErrorCode, number>();

  countEnd(code: ErrorCode): void {
    this.#ended.set(code, (this.#ended.get(code) ?? 0) + 1);
  }

  stats(open: number): GuardStats {
    const { notJudged, suspects, accepted, suspicions, pingsSent, pingsAnswered } = this;
    const { stalls, massExpiries } = this;
    const judged = open - notJudged;
    const ended = Object.fromEntries(this.#ended);
    const now = { open, judged, notJudged, suspects };
    return {
      ...now,
      accepted,
      ended,
      suspicions,
      pingsSent,
      pingsAnswered,
      stalls,
      massExpiries,
    };
  }
}
