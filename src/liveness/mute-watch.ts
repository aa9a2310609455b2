/**
 * Watches a peer that never answers (`pong: "none"`) by what its kernel acknowledges.
 *
 * After a ping the unacknowledged count is read half way through the answer time, then each second,
 * and at its end. Nothing left, or less than before: output moved, the host lives. No less than
 * before, at the end: nobody there takes anything. Where the count cannot be read, or cannot be
 * compared, there is no verdict. Nothing here notices a frozen process whose kernel still answers.
 */
import { earliest, type Instant, later } from "../base/time.ts";
import { OutputCount } from "./output-count.ts";

const READ_EVERY_MS = 1_000;

export class MuteWatch {
  readonly #count = new OutputCount();
  #windowMs = 0;
  #endsAt: Instant | undefined;
  /** The reading below which no later one has fallen. */
  #comparedAt: Instant | undefined;
  #readAt: Instant | undefined;
  #doubtedAt: Instant | undefined;
  #overdueAt: Instant | undefined;

  get isRunning(): boolean {
    return this.#endsAt !== undefined;
  }

  /** Since when the count has been seen not to fall. */
  get doubtedAt(): Instant | undefined {
    return this.#doubtedAt;
  }

  /** Set when the whole time has passed and nothing moved. */
  get overdueAt(): Instant | undefined {
    return this.#overdueAt;
  }

  /**
   * A ping went out. Does nothing while an earlier one is being watched: whoever pings more often
   * than a watch takes would otherwise never see the end of one.
   */
  begin(windowMs: number, now: Instant): void {
    if (this.#endsAt !== undefined) {
      const isCompared = this.#comparedAt !== undefined;
      if (isCompared || now < later(this.#endsAt, READ_EVERY_MS)) return;
    }
    this.end();
    this.#windowMs = windowMs;
    this.#endsAt = later(now, windowMs);
    this.#readAt = later(now, windowMs / 2);
  }

  /** There is other evidence of life, or no sense in watching on. */
  end(): void {
    this.#count.forget();
    this.#endsAt = undefined;
    this.#comparedAt = undefined;
    this.#readAt = undefined;
    this.#doubtedAt = undefined;
    this.#overdueAt = undefined;
  }

  handed(bytes: number | undefined): void {
    this.#count.handed(bytes);
  }

  /** When the count should be read next. */
  readAt(): Instant | undefined {
    return this.#readAt;
  }

  /** The count was asked for. */
  asked(now: Instant): void {
    if (this.#endsAt === undefined) return;
    const isLast = now >= this.#endsAt;
    this.#readAt = isLast ? undefined : earliest(later(now, READ_EVERY_MS), this.#endsAt);
  }

  /** Takes a reading and says whether output has moved. */
  read(unackedBytes: number | undefined, now: Instant): boolean {
    if (this.#endsAt === undefined || this.#overdueAt !== undefined) return false;
    if (unackedBytes === undefined) {
      this.end();
      return false;
    }
    const change = this.#count.read(unackedBytes);
    if (unackedBytes === 0 || change === "fell") {
      this.end();
      return true;
    }
    if (change === "stood") this.#doubtedAt ??= now;
    else {
      this.#doubtedAt = undefined;
      this.#comparedAt = now;
    }
    if (now >= this.#endsAt) this.#conclude(now);
    return false;
  }

  /**
   * Two readings in quick succession prove nothing: the path has a round trip, too. Nor need they be
   * half a window apart, at which they are asked for, since the first may have come a tick late.
   */
  #conclude(now: Instant): void {
    const stoodMs = now - (this.#comparedAt ?? now);
    if (stoodMs > 0 && stoodMs >= this.#windowMs / 4) this.#overdueAt = now;
    else this.#readAt = later(now, READ_EVERY_MS);
  }
}
