/**
 * What the page that links live on tells about itself, for all links of that page.
 *
 * It is listened to only while there is a link, and never to `unload`, which would keep a page out
 * of the back-forward cache. Easy to break: a page may tell the same thing twice, or two that
 * contradict (`offline` and then nothing for ever), so members hear of changes only, and nothing
 * that they do may wait for the page to say otherwise without a limit.
 */
import type { Cancel } from "../base/time.ts";

/**
 * "away": the page is about to be frozen, or to lie in the cache: nothing here runs from now on.
 * "back": it runs again.
 */
export type PageNews = "hidden" | "visible" | "offline" | "online" | "away" | "back";

/** A page, or whatever else (a worker) knows some of that. */
export interface PageSource {
  readonly isHidden: boolean;
  readonly isOffline: boolean;
  /** Tells until the function that is returned is called; never inside this call. */
  listen(tell: (news: PageNews) => void): Cancel;
}

export interface PageMember {
  onPage(news: PageNews): void;
}

export class PageWatch {
  readonly #source: PageSource;
  readonly #members = new Set<PageMember>();
  #stop: Cancel | undefined;
  #isHidden = false;
  #isOffline = false;
  #isAway = false;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /** Timers may be late by a second at once, and by a minute after some minutes. */
  get isHidden(): boolean {
    return this.#isHidden;
  }

  /** The browser says that there is no network. It may be wrong, for as long as it likes. */
  get isOffline(): boolean {
    return this.#isOffline;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  join(member: PageMember): void {
    this.#members.add(member);
    if (this.#stop !== undefined) return;
    this.#isHidden = this.#source.isHidden;
    this.#isOffline = this.#source.isOffline;
    this.#isAway = false;
    this.#stop = this.#source.listen((news) => this.#handle(news));
  }

  leave(member: PageMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #handle(news: PageNews): void {
    if (!this.#isNew(news)) return;
    for (const member of [...this.#members]) {
      if (this.#members.has(member)) member.onPage(news);
    }
  }

  #isNew(news: PageNews): boolean {
    switch (news) {
      case "hidden":
      case "visible": {
        const was = this.#isHidden;
        this.#isHidden = news === "hidden";
        return was !== this.#isHidden;
      }
      case "offline":
      case "online": {
        const was = this.#isOffline;
        this.#isOffline = news === "offline";
        return was !== this.#isOffline;
      }
      case "away":
      case "back": {
        const was = this.#isAway;
        this.#isAway = news === "away";
        return was !== this.#isAway;
      }
      default:
        news satisfies never;
        return false;
    }
  }
}
