/**
 * What one link does about its page: promises less before timers get late, makes sure of the server
 * when the page or the network comes back, and does not dial into a network that is not there.
 *
 * Easy to break: a browser that says `offline` may be wrong (a virtual adapter, a broken probe), so
 * being offline ends nothing by itself and holds a dial back only for a time; and a page that goes
 * into the cache may never come back, so its connection is closed in good order before.
 */
import type { Clock, Instant } from "../base/time.ts";
import type { Connection } from "../connection/connection.ts";
import type { Attempt } from "./attempt.ts";
import type { PageMember, PageNews, PageWatch } from "./page-watch.ts";
import type { LinkPlatform } from "./platform.ts";
import { isLocal, type LinkTarget } from "./target.ts";

/**
 * How long a dial is held back by a page that says that it is offline, or asleep. It may be
 * mistaken, and ten dials in a row, the usual limit, then take most of an hour.
 */
const HOLD_MS = 300_000;

/** A link, as far as its page is concerned. */
export interface LinkOfPage {
  /** Its connection, while that is online. */
  readonly online: Attempt | undefined;
  /** Cuts the present wait short. */
  wake(): void;
  /** Goes on waiting, if it waits, for `holdMs`. */
  hold(): void;
}

/** Where a link would dial next. */
interface Next {
  readonly next: LinkTarget;
}

export class LinkOnPage implements PageMember {
  readonly #page: PageWatch;
  readonly #link: LinkOfPage;
  readonly #clock: Clock;
  readonly #hiddenMs: number | false;
  readonly #route: Next;

  constructor(
    page: PageWatch,
    clock: Clock,
    hiddenMs: number | false,
    link: LinkOfPage,
    route: Next,
  ) {
    this.#page = page;
    this.#clock = clock;
    this.#hiddenMs = hiddenMs;
    this.#link = link;
    this.#route = route;
    page.join(this);
  }

  /** Undefined where there is no page. */
  static of(
    { page, clock }: LinkPlatform,
    hiddenMs: number | false,
    link: LinkOfPage,
    route: Next,
  ): LinkOnPage | undefined {
    return page && new LinkOnPage(page, clock, hiddenMs, link, route);
  }

  leave(): void {
    this.#page.leave(this);
  }

  /** Timers are late by rule then, which is nothing to tell of. */
  get isHidden(): boolean {
    return this.#page.isHidden;
  }

  /** For how long there is no use in dialling; 0: dial. */
  get holdMs(): number {
    const { isAway, isOffline } = this.#page;
    return isAway || (isOffline && !isLocal(this.#route.next)) ? HOLD_MS : 0;
  }

  onOnline(attempt: Attempt): void {
    if (this.#page.isHidden) this.#restrain(attempt, this.#hiddenMs);
  }

  onPage(news: PageNews): void {
    const attempt = this.#link.online;
    switch (news) {
      case "hidden":
        if (attempt !== undefined) this.#restrain(attempt, this.#hiddenMs);
        break;
      case "visible":
        if (attempt !== undefined) this.#restrain(attempt, undefined);
        this.#wake();
        break;
      case "offline":
        if (attempt !== undefined && !isLocal(attempt.target)) this.#verify(attempt);
        this.#link.hold();
        break;
      case "online":
        if (attempt !== undefined) this.#verify(attempt);
        this.#wake();
        break;
      case "away":
        attempt?.driven.close("PAGE_AWAY", "");
        this.#link.hold();
        break;
      case "back":
        // Its farewell was under way; nobody waits for the answer to that now.
        attempt?.driven.abort("PAGE_AWAY", "");
        this.#wake();
        break;
      default:
        news satisfies never;
    }
  }

  /** An application that asks for a dial gets it; a page that is only seen again may be offline. */
  #wake(): void {
    if (this.holdMs === 0) this.#link.wake();
  }

  #restrain(attempt: Attempt, hiddenMs: number | false | undefined): void {
    if (hiddenMs === false) return;
    this.#tell(attempt, ({ heartbeat }, now) => heartbeat.restrain(hiddenMs, now));
  }

  #verify(attempt: Attempt): void {
    this.#tell(attempt, ({ heartbeat }, now) => heartbeat.monitor.verifyNow(now));
  }

  #tell({ driven }: Attempt, tell: (connection: Connection, now: Instant) => void): void {
    const now = this.#clock.now();
    if (driven.connection.phase === "open") tell(driven.connection, now);
    driven.step(now); // Never a verdict: what came while we were away may wait unread.
  }
}
