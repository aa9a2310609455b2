/**
 * Watches a peer that never answers (`pong: "none"`) by what its kernel acknowledges.
 *
 * After a ping the unacknowledged count is read half way through the answer time (earlier, if that
 * is short), then each second, and at its end. Nothing left, or less than before: output moved, the
 * host lives. No less than before, at the end: nobody there takes anything. Where the count cannot
 * be read, or cannot be compared, there is no verdict. Nothing here notices a frozen process whose
 * kernel still answers.
 *
 * Easy to break: a reading may take a second to be answered, as one serves all who ask. So the
 * first is asked for two seconds before the end, and the end does not wait for the last.
 */
import { earliest, type Instant, later } from "../base/time.ts";
import { OutputCount } from "./output-count.ts";

const READ_EVERY_MS = 1_000;
/** For how long the answer to the last reading is waited for: two ticks of a server's alarms. */
const LAST_ANSWER_MS = 50;

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

  /** When the whole time has passed, if nothing moves until then; so far nothing has. */
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
    const firstMs = Math.min(windowMs / 2, windowMs - 2 * READ_EVERY_MS);
    this.#readAt = later(now, Math.max(0, firstMs));
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
    if (this.#endsAt === undefined) return false;
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
      this.#overdueAt = undefined;
      this.#comparedAt = now;
    }
    this.#conclude(this.#endsAt, now);
    return false;
  }

  /** Two readings in quick succession prove nothing: the path has a round trip, too. */
  #conclude(endsAt: Instant, now: Instant): void {
    const stoodMs = now - (this.#comparedAt ?? now);
    if (stoodMs > 0 && stoodMs >= this.#windowMs / 4) {
      this.#overdueAt = now >= endsAt ? now : later(endsAt, LAST_ANSWER_MS);
    } else if (now >= endsAt) this.#readAt = later(now, READ_EVERY_MS);
  }
}
