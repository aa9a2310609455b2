/**
 * Keeps one link of a page: at any time a dial is under way, or a connection, or a wait, or it has
 * ended. The connections are page-connection.ts, the waits page-redial.ts; this file says which
 * follows which, and tells of it.
 */
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import { isFinal } from "../base/final-codes.ts";
import type { Cancel, Instant } from "../base/time.ts";
import type { LinkCause, LinkEndRecord } from "../client/status.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { RetryHint } from "../redial/redial-policy.ts";
import type { GoAway } from "../wire/frame.ts";
import { Frames } from "./frames.ts";
import { type Stall, Wait } from "./lateness.ts";
import type { Extras } from "./extras.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import { PageConnection } from "./page-connection.ts";
import { PageFace } from "./page-face.ts";
import type { Link } from "./page-link.ts";
import type { PageConfig } from "./page-options.ts";
import type { PageNews, PagePlatform } from "./page-platform.ts";
import { PageRedial } from "./page-redial.ts";
import { PageRoute } from "./page-route.ts";
import { PageToken } from "./page-token.ts";
import { isLocal, type PageTarget } from "./page-url.ts";
import { printable } from "./printable.ts";

/** A stall, or a sleep, is known from its first second on, while the link is online. */
const WATCH_MS = 1_000;
/** How long a dial is held back by a page that says that it is offline, or asleep. */
const HOLD_MS = 300_000;
const HOLDFAST_PROTOCOL = "holdfast.1";
const REASON_CHARACTERS_MAX = 400;

interface Closing {
  readonly reason: string;
  /** What was sent may still go out, and be dialled for. */
  isFlushing: boolean;
  until: number;
}

export class PageKeeper extends PageFace implements Link, ConnectionOwner {
  readonly #redial: PageRedial;
  readonly #route: PageRoute;
  readonly #attempt: Wait;
  readonly #undo: Cancel[] = [];
  #target: PageTarget;
  #connection: PageConnection | undefined;
  #isOnline = false;
  #isAborting = false;
  #closing: Closing | undefined;
  #waitUntil = Infinity;
  readonly #token: PageToken;
  #previous: { readonly id: string; readonly secret: string } | undefined;
  #previousLabel = "";
  #isHidden: boolean;
  #isOffline: boolean;
  #isAway = false;

  constructor(
    platform: PagePlatform,
    targets: readonly PageTarget[],
    config: PageConfig,
    extras: Extras,
  ) {
    const { page, random } = platform;
    const route = new PageRoute(targets, config.redirectTo);
    const speaksLines = targets.some(({ isLine }) => isLine);
    super(platform, config, extras, speaksLines, route.next.label);
    this.#redial = new PageRedial(config.redial, random);
    this.#route = route;
    this.#attempt = new Wait(this.late, 0);
    this.#target = route.next;
    this.#isHidden = page.isHidden;
    this.#isOffline = page.isOffline;
    this.#token = new PageToken(config.token);
    this.#undo.push(page.listen((news) => this.step((now) => this.#handleNews(news, now))));
    const { signal } = config;
    const onAbort = (): void => this.step((now) => this.#handleAbort(now));
    signal?.addEventListener("abort", onAbort);
    this.#undo.push(() => signal?.removeEventListener("abort", onAbort));
    void Promise.resolve().then(() => this.step((now) => this.#begin(now)));
  }

  // From the application.

  close(reason = ""): Promise<LinkEndRecord> {
    if (!this.isClosed) {
      this.step((now) => {
        const until = now + this.config.closeTimeoutMs;
        const shown = reason.slice(0, REASON_CHARACTERS_MAX);
        this.#closing = { reason: shown, isFlushing: true, until };
      });
    }
    return this.ended;
  }

  networkChanged(): void {
    this.pace?.onNetworkChanged();
    this.wake();
  }

  wake(): void {
    this.step((now) => this.#wake(now));
  }

  protected get isClosed(): boolean {
    return this.#closing !== undefined || this.#isAborting || this.status.name === "ended";
  }

  // From the steps.

  follow(now: Instant): void {
    const { outbox } = this;
    this.#connection?.setBehind(this.readers.areBehind, now);
    this.#connection?.settle(now);
    if (outbox.takeRoom()) this.emit("drain");
    outbox.settle();
    if (this.#closing?.isFlushing !== true || !outbox.isEmpty) return;
    this.#leave(this.#closing, now);
    this.#connection?.settle(now);
  }

  judge(now: Instant): void {
    const closing = this.#closing;
    if (closing !== undefined && now >= closing.until) {
      if (closing.isFlushing) this.#leave(closing, now);
      else this.#connection?.abort("CLOSED_HERE", closing.reason, now);
    }
    if (now >= this.#attempt.until) {
      const text = `no connection to ${this.#target.label} within ${this.#attempt.waitMs} ms`;
      this.#fail(new HoldfastError("DIAL_TIMEOUT", text), now);
    }
    this.#connection?.judge(now);
    if (now >= this.#waitUntil) this.#dial(now);
  }

  onStall(stall: Stall, now: Instant): void {
    if (!this.#isHidden) this.observe({ what: "stall", ...stall });
    if (stall.suspended) this.#wake(now);
  }

  deadline(now: Instant): number {
    if (this.status.name === "ended") return Infinity;
    return Math.min(
      this.#connection?.deadline ?? Infinity,
      this.#attempt.until,
      this.#waitUntil,
      this.#closing?.until ?? Infinity,
      this.#isOnline ? now + WATCH_MS : Infinity,
    );
  }

  // From the connection.

  onOnline(now: Instant): void {
    const { welcome } = this.#connection as PageConnection;
    this.#isOnline = true;
    this.#attempt.end();
    this.#redial.onOnline();
    this.connections += 1;
    if (welcome !== undefined) {
      this.#previous = { id: welcome.id, secret: welcome.secret };
      this.#previousLabel = this.#target.label;
    }
    this.#tellOnline("online", this.platform.clock.wallNow());
    this.tellInterval();
    this.messageBytesMax = welcome?.messageBytesMax ?? Infinity;
    const longer = this.outbox.takeLonger(this.messageBytesMax);
    this.lose(longer, "MESSAGE_TOO_LONG", `the server takes ${this.messageBytesMax} bytes`);
    this.#restrain(now);
  }

  onVerdict(): void {
    const name = this.#connection?.heartbeat.verdict === "suspect" ? "suspect" : "online";
    const { status } = this;
    const isOther = status.name === "online" || status.name === "suspect";
    if (isOther && status.name !== name) this.#tellOnline(name, status.since);
  }

  /** Goes as it was told: what was sent still goes out, what is sent from now on waits. */
  onGoAway(goaway: GoAway, now: Instant): void {
    this.emit("goaway", goaway);
    const warning = this.#route.onGoAway(goaway, this.#target);
    if (warning !== undefined) this.warn(warning);
    if (this.#isOnline) this.#connection?.close("DRAINED", "the server asked for it", false, now);
  }

  onOver(code: ErrorCode, now: Instant, error?: Error, record?: EndRecord): void {
    const { goaway, welcome } = this.#connection ?? {};
    const { reconnectWindowMs } = welcome ?? {};
    const window = reconnectWindowMs === undefined ? undefined : { reconnectWindowMs };
    const hint: RetryHint | undefined = goaway ?? window;
    const lived = this.#isOnline ? record : undefined;
    const sentence = record?.sentence ?? printable(error?.message ?? code);
    const { label } = this.#target;
    // Whatever it is that the server speaks, it is not what the url says.
    const isMute = code === "DIAL_TIMEOUT" && record?.evidence.bytesIn === 0;
    const isOther = code === "WRONG_DIALECT" || isMute;
    const advice = isOther ? `is ${label} what the server speaks, frames or lines?` : undefined;
    this.#connection = undefined;
    this.#isOnline = false;
    this.#attempt.end();
    this.lastCause = { code, sentence, url: label, hint: advice, record, error };
    if (record !== undefined) {
      this.emit("connectionEnd", record);
      this.lose(record.undelivered, code, sentence);
    }
    if (lived === undefined) this.pace?.onFailed();
    else this.pace?.onEnded(lived);
    if (this.#isAborting) return this.#finish("ABORTED");
    if (this.#closing?.isFlushing === false) return this.#finish("CLOSED_HERE");
    const livedMs = lived?.livedMs;
    this.#route.onOver((livedMs ?? 0) >= this.config.redial.stableAfterMs);
    if (this.#route.isEndless) return this.#finish("REDIRECTS_MAX");
    // Our own slowness concerns nobody else.
    const isolated = code === "READER_TOO_SLOW" || code === "PAGE_AWAY";
    const loss = { code, livedMs, hint, isolated, retry: !isFinal(code) };
    const decision = this.#redial.onOver(loss, now);
    if (typeof decision === "string") return this.#giveUp(decision);
    if (decision.refresh && !this.#token.forget()) return this.#giveUp("UNAUTHORIZED");
    this.#wait(this.#prolonged(now) ?? decision.delayMs, decision.attempt, now);
  }

  // Dials and waits.

  #begin(now: Instant): void {
    if (this.status.name === "ended") return;
    const { heartbeat, timeoutMs, signal } = this.config;
    const { intervalMs } = heartbeat;
    if (this.lines !== undefined && intervalMs > timeoutMs / 2) {
      this.warn(`\`intervalMs\` (${intervalMs}) is over half of \`timeoutMs\` (${timeoutMs})`);
    }
    if (signal?.aborted === true) this.#handleAbort(now);
    else this.#dial(now);
  }

  #dial(now: Instant): void {
    const decision = this.#redial.onDial(now);
    if (typeof decision === "string") return this.#giveUp(decision);
    const target = this.#route.take();
    const { token } = this.config;
    this.#waitUntil = Infinity;
    this.#target = target;
    this.attempts += 1;
    this.pace?.onDial(target);
    this.#attempt.waitMs = decision.timeoutMs;
    this.#attempt.begin(now);
    this.tell({ name: "connecting", attempt: decision.attempt, url: target.label });
    if (token !== undefined) this.tellOfToken(target);
    if (target.isLine || this.#token.isReady) this.#open(now);
    else void this.#fetch();
  }

  async #fetch(): Promise<void> {
    const attempt = this.attempts;
    const error = await this.#token.fetch();
    this.step((now) => {
      // It may have come too late.
      if (attempt !== this.attempts || !this.#attempt.isRunning) return;
      if (error === undefined) this.#open(now);
      else this.#fail(error, now);
    });
  }

  #open(now: Instant): void {
    const target = this.#target;
    const { protocols } = this.config.websocket;
    const lines = target.isLine ? this.lines : undefined;
    const asked = lines ? protocols : [...new Set([HOLDFAST_PROTOCOL, ...protocols])];
    const previous = this.#previousLabel === target.label ? this.#previous : undefined;
    try {
      const ws = new this.platform.WebSocket(target.url, asked);
      const greeting = { token: this.#token.value, previous };
      const speech = lines?.speechOf(this.config.line) ?? new Frames();
      this.#connection = new PageConnection(target, ws, speech, greeting, this, now);
    } catch (cause) {
      // A page over https may not open `ws`, for one.
      const text = `this page may not open ${target.label}: ${String(cause)}`;
      this.#fail(new HoldfastError("URL_INVALID", text, { cause }), now);
    }
  }

  /** The dial led to nothing. */
  #fail(error: HoldfastError, now: Instant): void {
    const { code, message } = error;
    if (this.#connection?.isPipe === true) return this.#connection.abort(code, message, now);
    this.#connection?.drop();
    this.onOver(code, now, error);
  }

  #wait(delayMs: number, attempt: number, now: Instant): void {
    this.#waitUntil = now + delayMs;
    const retryAt = this.platform.clock.wallNow() + delayMs;
    const cause = this.lastCause as LinkCause;
    this.tell({ name: "waiting", retryAt, delayMs, attempt, cause });
  }

  #waitAnew(leftMs: number | undefined, now: Instant): void {
    const { status } = this;
    if (leftMs !== undefined && status.name === "waiting") this.#wait(leftMs, status.attempt, now);
  }

  #wake(now: Instant): void {
    if (this.#isOnline) this.#connection?.heartbeat.askSoon(now);
    this.#waitAnew(this.#redial.cutShort(now), now);
  }

  // From the page. It may say the same thing twice.

  #handleNews(news: PageNews, now: Instant): void {
    const connection = this.#isOnline ? this.#connection : undefined;
    const wasHidden = this.#isHidden;
    const wasOffline = this.#isOffline;
    const wasAway = this.#isAway;
    if (news === "hidden" || news === "visible") this.#isHidden = news === "hidden";
    if (news === "offline" || news === "online") this.#isOffline = news === "offline";
    if (news === "away" || news === "back") this.#isAway = news === "away";
    if (wasHidden !== this.#isHidden) this.#restrain(now);
    else if (wasOffline !== this.#isOffline) {
      if (!isLocal(this.#target) || wasOffline) connection?.heartbeat.askNow(now);
    } else if (wasAway === this.#isAway) return;
    else if (wasAway)
      connection?.abort("PAGE_AWAY", "", now); // Nobody waits for its farewell now.
    else connection?.close("PAGE_AWAY", "", true, now);
    if (news === "offline" || news === "away") this.#waitAnew(this.#prolonged(now), now);
    else if (news !== "hidden" && this.#holdMs === 0) this.#wake(now);
  }

  #restrain(now: Instant): void {
    const { hiddenLeaseMs } = this.config;
    if (hiddenLeaseMs === false || !this.#isOnline) return;
    this.#connection?.heartbeat.restrain(this.#isHidden ? hiddenLeaseMs : 0, now);
  }

  /** For how long there is no use in dialling; 0: dial. */
  get #holdMs(): number {
    const isCut = this.#isOffline && !isLocal(this.#route.next);
    return this.#isAway || isCut ? HOLD_MS : 0;
  }

  #prolonged(now: Instant): number | undefined {
    return this.#holdMs === 0 ? undefined : this.#redial.prolong(this.#holdMs, now);
  }

  // The end.

  #handleAbort(now: Instant): void {
    if (this.status.name === "ended") return;
    this.#isAborting = true;
    const detail = "the caller's signal was triggered";
    if (this.#isOnline) this.#connection?.abort("ABORTED", detail, now);
    else this.#finish("ABORTED");
  }

  /** Nothing more goes out. A farewell is bounded by progress; a close by time as well. */
  #leave(closing: Closing, now: Instant): void {
    closing.isFlushing = false;
    closing.until = now + this.config.closeTimeoutMs;
    if (!this.#isOnline) return this.#finish("CLOSED_HERE");
    this.#connection?.close("CLOSED_HERE", closing.reason, false, now);
  }

  /** Who is closing anyway is told of that, and finds the hopelessness in `lastCause`. */
  #giveUp(code: ErrorCode): void {
    this.#finish(this.#closing === undefined ? code : "CLOSED_HERE");
  }

  #finish(code: ErrorCode): void {
    if (this.status.name === "ended") return;
    this.#connection?.drop();
    this.#connection = undefined;
    this.#isOnline = false;
    this.#attempt.end();
    for (const undo of this.#undo) undo();
    this.tellEnd(code, this.#closing?.reason ?? "");
  }

  #tellOnline(name: "online" | "suspect", since: number): void {
    const connectionId = this.#connection?.id ?? "";
    this.tell({ name, since, url: this.#target.label, connectionId });
  }
}
