/** What a link counts about itself: for the causes that it names, and for its last record. */
import type { ErrorCode } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Attempt, AttemptFailure } from "./attempt.ts";
import { causeOfEnd, causeOfFailure, sentenceOfEnd } from "./causes.ts";
import type { LinkCause, LinkEndRecord } from "./status.ts";

export class Tally {
  readonly #startedAtWallMs: number;
  #lastCause: LinkCause | undefined;
  #attempts = 0;
  #connections = 0;
  /** Connections in a row on which no ping of ours was answered. */
  #unanswered = 0;

  constructor(wallNowMs: number) {
    this.#startedAtWallMs = wallNowMs;
  }

  onDial(): void {
    this.#attempts += 1;
  }

  onOnline(): void {
    this.#connections += 1;
  }

  onFailed(attempt: Attempt, failure: AttemptFailure): LinkCause {
    this.#lastCause = causeOfFailure(attempt, failure);
    return this.#lastCause;
  }

  onEnded(attempt: Attempt, record: EndRecord): LinkCause {
    this.#unanswered = attempt.wasAnswered ? 0 : this.#unanswered + 1;
    this.#lastCause = causeOfEnd(attempt, record, this.#unanswered);
    return this.#lastCause;
  }

  /** How the last record words an end with that code. */
  sentence(code: ErrorCode, reason: string): string {
    return sentenceOfEnd(code, reason, this.#attempts, this.#lastCause);
  }

  record(
    code: ErrorCode,
    sentence: string,
    undelivered: readonly Message[],
    wallNowMs: number,
  ): LinkEndRecord {
    return {
      code,
      sentence,
      attempts: this.#attempts,
      connections: this.#connections,
      lastCause: this.#lastCause,
      undelivered,
      startedAtWallMs: this.#startedAtWallMs,
      endedAtWallMs: wallNowMs,
    };
  }
}
