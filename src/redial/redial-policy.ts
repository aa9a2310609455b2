/**
 * Decides when a link dials again, and when it stops dialling.
 *
 * Tell it what happened (`onAttempt`, `onOnline`, `onEnded`, `onFailed`) and do what it answers. At
 * any time there is exactly one of: a dial under way, a connection, a wait, or the end. An answer
 * that is not the end always names the next dial, so a link cannot stop trying without saying so.
 *
 * Easy to break:
 * - Coming online proves nothing. A peer that accepts and drops would otherwise be dialled in a hot
 *   loop, so the count of dials in a row, and with it the wait, is reset only by a connection that
 *   lived for `stableAfterMs`. The one credential refresh hangs on the same condition.
 * - The server's word bounds the wait from below; nothing shortens it, not even `cutShort`.
 * - What the server asks for is clamped, since a wrong number must not switch a client off.
 * - A dial never happens *at* the moment of giving up: clients that lost the same server would all
 *   meet there. Either the drawn wait fits before it, or there is no further dial.
 */
import { assert } from "../base/assert.ts";
import { ERRORS, type ErrorCode } from "../base/errors.ts";
import { type Random, uniform } from "../base/random.ts";
import { elapsedMs, type Instant, later, latest } from "../base/time.ts";
import { type BackoffConfig, delayCapMs, jitteredMs } from "./backoff.ts";

export interface RedialConfig extends BackoffConfig {
  readonly attemptsMax: number | false;
  readonly giveUpAfterMs: number | false;
  readonly attemptTimeoutMs: number;
  /** How long a connection must have lived to count as a success. */
  readonly stableAfterMs: number;
}

/** What GOAWAY says about coming back. */
export interface RetryOrder {
  readonly retry: "now" | "after" | "never";
  readonly afterMs: number;
  readonly spreadMs: number;
}

/** The server's word: its GOAWAY if it sent one, else the window that its WELCOME announced. */
export type RetryHint = RetryOrder | { readonly reconnectWindowMs: number };

/** How a connection ended that had been online. */
export interface RedialEnd {
  readonly code: ErrorCode;
  readonly livedMs: number;
  readonly hint?: RetryHint | undefined;
  /** True when it is known that few others lost their connection at the same time. */
  readonly isolated?: boolean | undefined;
}

export interface GiveUp {
  readonly do: "give-up";
  readonly code: ErrorCode;
}

export type RedialDecision =
  /** Call `onAttempt` after `delayMs`, and dial if it says so. `attempt` counts from 1. */
  | { readonly do: "wait"; readonly delayMs: number; readonly attempt: number }
  /** The same, but with fresh credentials. Without a way to get any, the link ends. */
  | { readonly do: "refresh-credentials"; readonly delayMs: number; readonly attempt: number }
  | GiveUp;

export type AttemptDecision =
  | { readonly do: "dial"; readonly attempt: number; readonly timeoutMs: number }
  | GiveUp;

export type RedialPhase = "ready" | "dialling" | "online" | "waiting" | "ended";
type Trigger = "attempt" | "online" | "lost" | "give-up";

/** A dial that fails before it was online, and a connection that ends, are both `lost`. */
export const REDIAL_NEXT: Readonly<Record<RedialPhase, Partial<Record<Trigger, RedialPhase>>>> = {
  ready: { attempt: "dialling" },
  dialling: { online: "online", lost: "waiting", "give-up": "ended" },
  online: { lost: "waiting", "give-up": "ended" },
  waiting: { attempt: "dialling", "give-up": "ended" },
  ended: {},
};

interface Wait {
  readonly until: Instant;
  /** The server's word: `cutShort` does not go below. */
  readonly notBefore: Instant;
  /** The drawn wait did not fit before giving up, so at its end there is no dial. */
  readonly isLast: boolean;
  readonly wasCut: boolean;
}

export class RedialPolicy {
  readonly #config: RedialConfig;
  readonly #random: Random;
  #phase: RedialPhase = "ready";
  /** Dials since the last connection that proved stable. */
  #dialsInRow = 0;
  #offlineSince: Instant | undefined;
  #wait: Wait | undefined;
  #hasRefreshed = false;
  #end: GiveUp | undefined;

  constructor(config: RedialConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  get phase(): RedialPhase {
    return this.#phase;
  }

  /** The terminal decision, once it has been made. */
  get end(): GiveUp | undefined {
    return this.#end;
  }

  /**
   * A wait is over, or the link was just opened: may we dial, and for how long?
   *
   * Calling early is fine: that is how an application asks for a dial at once.
   */
  onAttempt(now: Instant): AttemptDecision {
    if (this.#end !== undefined) return this.#end;
    const giveUpAt = this.#giveUpAt();
    const isOver = giveUpAt !== undefined && now >= giveUpAt;
    // A dial that was due in time is made even if we come late: a laptop slept, and has not tried.
    if (isOver && this.#wait?.isLast === true) return this.#giveUp("GAVE_UP");
    this.#move("attempt");
    this.#wait = undefined;
    this.#offlineSince ??= now;
    this.#dialsInRow = Math.min(this.#dialsInRow + 1, Number.MAX_SAFE_INTEGER);
    const leftMs = this.#leftMs(now);
    const { attemptTimeoutMs } = this.#config;
    const timeoutMs = leftMs > 0 ? Math.min(attemptTimeoutMs, leftMs) : attemptTimeoutMs;
    return { do: "dial", attempt: this.#dialsInRow, timeoutMs };
  }

  /** WELCOME has come, or the socket of a `line` link is open. */
  onOnline(_now: Instant): void {
    if (this.#end !== undefined) return;
    this.#move("online");
    this.#offlineSince = undefined;
  }

  /** A connection that was online has ended. */
  onEnded(end: RedialEnd, now: Instant): RedialDecision {
    if (this.#end !== undefined) return this.#end;
    assert(this.#phase === "online", "only a connection that was online ends");
    this.#offlineSince = now;
    if (end.livedMs >= this.#config.stableAfterMs) {
      this.#dialsInRow = 0;
      this.#hasRefreshed = false;
    }
    const isIsolated = end.isolated ?? ERRORS[end.code].fault === "ours";
    return this.#decide(end.code, end.hint, this.#capAfterEndMs(end.hint, isIsolated), now);
  }

  /** A dial did not lead to WELCOME, or to an open socket: refused, timed out or turned away. */
  onFailed(code: ErrorCode, now: Instant, hint?: RetryHint): RedialDecision {
    if (this.#end !== undefined) return this.#end;
    assert(this.#phase === "dialling", "only a dial under way fails");
    return this.#decide(code, hint, this.#ownCapMs(), now);
  }

  /**
   * The network came back, or the page became visible: ends the current wait early, once.
   *
   * Returns the new time left, drawn from 0 to 2 s since the others in the building saw the same
   * event; undefined when the wait stays as it is.
   */
  cutShort(now: Instant): number | undefined {
    const wait = this.#wait;
    if (wait === undefined || wait.wasCut) return undefined;
    const drawn = later(now, Math.floor(uniform(this.#random, 0, CUT_SPREAD_MS)));
    const until = latest(drawn, wait.notBefore);
    if (until >= wait.until) return undefined;
    this.#wait = { ...wait, until, isLast: false, wasCut: true };
    return elapsedMs(now, until);
  }

  #decide(
    code: ErrorCode,
    hint: RetryHint | undefined,
    capMs: number,
    now: Instant,
  ): RedialDecision {
    const order = hint !== undefined && "retry" in hint ? hint : undefined;
    const mayRefresh = code === "UNAUTHORIZED" && !this.#hasRefreshed && !this.#isExhausted();
    if (!mayRefresh) {
      // "Never" to wrong credentials is meant for these credentials, so the code above goes first.
      if (!ERRORS[code].retry) return this.#giveUp(code);
      if (order?.retry === "never") return this.#giveUp("TURNED_AWAY");
      if (this.#isExhausted()) return this.#giveUp("REDIAL_EXHAUSTED");
    }
    if (this.#leftMs(now) <= 0) return this.#giveUp("GAVE_UP");
    if (mayRefresh) this.#hasRefreshed = true;

    const floorMs = order === undefined ? 0 : this.#orderedMs(order);
    const delayMs = this.#isOrderAlone(order)
      ? floorMs
      : Math.max(floorMs, jitteredMs(capMs, this.#random));
    const waitMs = this.#beginWait(delayMs, floorMs, now);
    const attempt = this.#dialsInRow + 1;
    return { do: mayRefresh ? "refresh-credentials" : "wait", delayMs: waitMs, attempt };
  }

  #beginWait(delayMs: number, floorMs: number, now: Instant): number {
    const leftMs = this.#leftMs(now);
    const isLast = delayMs >= leftMs;
    const waitMs = Math.min(delayMs, leftMs);
    this.#move("lost");
    this.#wait = {
      until: later(now, waitMs),
      notBefore: later(now, floorMs),
      isLast,
      wasCut: false,
    };
    return waitMs;
  }

  #orderedMs(order: RetryOrder): number {
    const afterMs = order.retry === "now" ? 0 : clampedMs(order.afterMs);
    return afterMs + Math.floor(uniform(this.#random, 0, clampedMs(order.spreadMs)));
  }

  /**
   * After a stable connection the server alone says when to return. "Now" is believed once more, so
   * that a newcomer is redirected without delay; a server that keeps saying it makes no hot loop.
   */
  #isOrderAlone(order: RetryOrder | undefined): boolean {
    if (order === undefined || order.retry === "never") return false;
    return this.#dialsInRow === 0 || (this.#dialsInRow === 1 && order.retry === "now");
  }

  #ownCapMs(): number {
    return delayCapMs(this.#config, Math.max(0, this.#dialsInRow - 1));
  }

  /**
   * A server that died took all of its clients along, so they spread over the window it announced,
   * unless it is known that the end concerned few, or the server gave an order instead. A window
   * that the server named may exceed `capMs`: it alone knows how many there are.
   */
  #capAfterEndMs(hint: RetryHint | undefined, isIsolated: boolean): number {
    if (hint !== undefined && "retry" in hint && hint.retry !== "never") return this.#ownCapMs();
    const { baseMs, capMs } = this.#config;
    const windowMs =
      hint !== undefined && "reconnectWindowMs" in hint
        ? clampedMs(hint.reconnectWindowMs)
        : Math.min(WINDOW_MS, capMs);
    if (this.#dialsInRow === 0) return isIsolated ? Math.min(baseMs, windowMs) : windowMs;
    return isIsolated ? this.#ownCapMs() : Math.max(this.#ownCapMs(), windowMs);
  }

  #isExhausted(): boolean {
    const { attemptsMax } = this.#config;
    return attemptsMax !== false && this.#dialsInRow >= attemptsMax;
  }

  #giveUpAt(): Instant | undefined {
    const { giveUpAfterMs } = this.#config;
    if (giveUpAfterMs === false || this.#offlineSince === undefined) return undefined;
    return later(this.#offlineSince, giveUpAfterMs);
  }

  #leftMs(now: Instant): number {
    const giveUpAt = this.#giveUpAt();
    return giveUpAt === undefined ? Number.POSITIVE_INFINITY : elapsedMs(now, giveUpAt);
  }

  #giveUp(code: ErrorCode): GiveUp {
    this.#move("give-up");
    this.#wait = undefined;
    this.#end = { do: "give-up", code };
    return this.#end;
  }

  #move(trigger: Trigger): void {
    const next = REDIAL_NEXT[this.#phase][trigger];
    assert(next !== undefined, `"${trigger}" has an answer in phase "${this.#phase}"`);
    this.#phase = next;
  }
}

/** One wakeup of many tabs, or of many machines behind one uplink, should not be one burst. */
const CUT_SPREAD_MS = 2_000;
/** Without a word from the server: the 0 to 5 s of RFC 6455 section 7.2.3. */
const WINDOW_MS = 5_000;
/** No server keeps a client away longer with one number, be it wrong or hostile. */
const ORDER_MS_MAX = 600_000;

/** What came from a peer: below 0, or not a number, counts as 0. */
function clampedMs(ms: number): number {
  return ms > 0 ? Math.min(ms, ORDER_MS_MAX) : 0;
}
