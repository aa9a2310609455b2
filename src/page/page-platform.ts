/** What links on a page take from the platform; the door hands it in, and tests their own. */
import type { Random } from "../base/random.ts";
import type { Cancel, Clock } from "../base/time.ts";
import type { WebSocketClass } from "./web-socket-like.ts";

export interface PagePlatform {
  readonly clock: PageClock;
  readonly random: Random;
  readonly WebSocket: WebSocketClass;
  readonly page: PageSource;
  /** Makes what a listener threw an uncaught error, later. Must not throw. */
  readonly report: (error: unknown) => void;
}

/** What is used of a clock: a page has no kernel to poll, and no turns. */
export type PageClock = Pick<Clock, "now" | "wallNow" | "wakeAt" | "afterPoll">;

/**
 * "away": the page is about to be frozen, or to lie in the cache: nothing here runs from now on.
 * "back": it runs again.
 */
export type PageNews = "hidden" | "visible" | "offline" | "online" | "away" | "back";

/** A page, or whatever else (a worker) knows some of that. It may say the same thing twice. */
export interface PageSource {
  readonly isHidden: boolean;
  /** The browser says that there is no network. It may be wrong, for as long as it likes. */
  readonly isOffline: boolean;
  /** Tells until the function that is returned is called; never inside this call. */
  listen(tell: (news: PageNews) => void): Cancel;
}
