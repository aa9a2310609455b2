/**
 * When a link on a page dials again, and when it stops: the rules of redial/redial-policy.ts, in
 * the words that a page needs. A test holds both to the same answers, draw for draw.
 *
 * Easy to break: coming online proves nothing, so dials in a row are forgotten only after a
 * connection that lived for `stableAfterMs`; the server's word bounds a wait from below; and a dial
 * never happens *at* the moment of giving up, where all who lost the same server would meet.
 */
import type { ErrorCode } from "../base/errors.ts";
import { type Random, uniform } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { delayCapMs, jitteredMs } from "../redial/backoff.ts";
import type { RedialConfig, RetryHint, RetryOrder } from "../redial/redial-policy.ts";

/** How a dial or a connection ended. */
export interface PageLoss {
  readonly code: ErrorCode;
  /** Undefined where it was never online. */
  readonly livedMs: number | undefined;
  readonly hint: RetryHint | undefined;
  /** Few others lost theirs at the same time. */
  readonly isolated: boolean;
  /** Whether trying again, unchanged, may help. */
  readonly retry: boolean;
}

/** The next dial, or the code of the end. */
export type PageDecision =
  | { readonly delayMs: number; readonly attempt: number; readonly refresh: boolean }
  | ErrorCode;

const CUT_SPREAD_MS = 2_000;
const WINDOW_MS = 5_000;
const ORDER_MS_MAX = 600_000;

export class PageRedial {
  readonly #config: RedialConfig;
  readonly #random: Random;
  #dialsInRow = 0;
  #offlineSince: Instant | undefined;
  /** The wait under way: its end, and what the server allows. */
  #until = Infinity;
  #notBefore = 0;
  /** The drawn wait did not fit before giving up, so at its end there is no dial. */
  #isLast = false;
  #canBeCut = false;
  #hasRefreshed = false;

  constructor(config: RedialConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  /** May we dial, and for how long? */
  onDial(now: Instant): { readonly attempt: number; readonly timeoutMs: number } | ErrorCode {
    // A dial that was due in time is made even if we come late: a laptop slept.
    if (this.#isLast && this.#leftMs(now) <= 0) return "GAVE_UP";
    this.#until = Infinity;
    this.#offlineSince ??= now;
    this.#dialsInRow += 1;
    const { attemptTimeoutMs } = this.#config;
    const leftMs = this.#leftMs(now);
    const timeoutMs = leftMs > 0 ? Math.min(attemptTimeoutMs, leftMs) : attemptTimeoutMs;
    return { attempt: this.#dialsInRow, timeoutMs };
  }

  onOnline(): void {
    this.#offlineSince = undefined;
  }

  onOver({ code, livedMs, hint, isolated, retry }: PageLoss, now: Instant): PageDecision {
    const { attemptsMax } = this.#config;
    if (livedMs !== undefined) this.#offlineSince = now;
    if (livedMs !== undefined && livedMs >= this.#config.stableAfterMs) {
      this.#dialsInRow = 0;
      this.#hasRefreshed = false;
    }
    const capMs = livedMs === undefined ? this.#ownCapMs() : this.#capMs(hint, isolated);
    const order = orderIn(hint);
    const isExhausted = attemptsMax !== false && this.#dialsInRow >= attemptsMax;
    const refresh = code === "UNAUTHORIZED" && !this.#hasRefreshed && !isExhausted;
    if (!refresh) {
      if (!retry) return code;
      if (order?.retry === "never") return "TURNED_AWAY";
      if (isExhausted) return "REDIAL_EXHAUSTED";
    }
    const leftMs = this.#leftMs(now);
    if (leftMs <= 0) return "GAVE_UP";
    if (refresh) this.#hasRefreshed = true;
    const floorMs = order === undefined ? 0 : this.#orderedMs(order);
    const wantedMs = this.#isOrderAlone(order)
      ? floorMs
      : Math.max(floorMs, jitteredMs(capMs, this.#random));
    const delayMs = Math.min(wantedMs, leftMs);
    this.#until = now + delayMs;
    this.#notBefore = now + floorMs;
    this.#isLast = wantedMs >= leftMs;
    this.#canBeCut = true;
    return { delayMs, attempt: this.#dialsInRow + 1, refresh };
  }

  /** Ends the wait early, once. Returns the time left; undefined when the wait stays as it is. */
  cutShort(now: Instant): number | undefined {
    if (this.#until === Infinity || !this.#canBeCut) return undefined;
    const drawn = now + Math.floor(uniform(this.#random, 0, CUT_SPREAD_MS));
    const until = Math.max(drawn, this.#notBefore);
    if (until >= this.#until) return undefined;
    this.#until = until;
    this.#isLast = false;
    this.#canBeCut = false;
    return until - now;
  }

  /** There is no network: the wait lasts for at least so long, and may be cut short again. */
  prolong(delayMs: number, now: Instant): number | undefined {
    if (this.#until === Infinity) return undefined;
    this.#until = Math.max(this.#until, now + delayMs);
    this.#canBeCut = true;
    return this.#until - now;
  }

  #orderedMs({ retry, afterMs, spreadMs }: RetryOrder): number {
    const floorMs = retry === "now" ? 0 : clampedMs(afterMs);
    return floorMs + Math.floor(uniform(this.#random, 0, clampedMs(spreadMs)));
  }

  /** "Now" is believed once more; a server that keeps saying it makes no hot loop. */
  #isOrderAlone(order: RetryOrder | undefined): boolean {
    if (order === undefined || order.retry === "never") return false;
    return this.#dialsInRow === 0 || (this.#dialsInRow === 1 && order.retry === "now");
  }

  #ownCapMs(): number {
    return delayCapMs(this.#config, Math.max(0, this.#dialsInRow - 1));
  }

  /** A server that died took all of its clients along: they spread over the window it named. */
  #capMs(hint: RetryHint | undefined, isolated: boolean): number {
    const ownMs = this.#ownCapMs();
    const order = orderIn(hint);
    if (order !== undefined && order.retry !== "never") return ownMs;
    const { baseMs, capMs } = this.#config;
    const windowMs =
      hint !== undefined && "reconnectWindowMs" in hint
        ? clampedMs(hint.reconnectWindowMs)
        : Math.min(WINDOW_MS, capMs);
    if (this.#dialsInRow === 0) return isolated ? Math.min(baseMs, windowMs) : windowMs;
    return isolated ? ownMs : Math.max(ownMs, windowMs);
  }

  #leftMs(now: Instant): number {
    const { giveUpAfterMs } = this.#config;
    if (giveUpAfterMs === false || this.#offlineSince === undefined) return Infinity;
    return this.#offlineSince + giveUpAfterMs - now;
  }
}

function orderIn(hint: RetryHint | undefined): RetryOrder | undefined {
  return hint !== undefined && "retry" in hint ? hint : undefined;
}

/** What came from a peer: below 0, or not a number, counts as 0. */
function clampedMs(ms: number): number {
  return ms > 0 ? Math.min(ms, ORDER_MS_MAX) : 0;
}
