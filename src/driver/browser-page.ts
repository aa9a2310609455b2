/**
 * Listens to a page, or to a worker, which has no document: what happens there, as PageNews.
 *
 * Sources: Page Visibility (W3C), Page Lifecycle (WICG: `freeze` and `resume`), HTML section 7.4
 * (`pagehide` and `pageshow`, with `persisted` for the back-forward cache), HTML section 8.9
 * (`navigator.onLine`). No `unload` and no `beforeunload`: they keep a page out of that cache.
 */
import type { Cancel } from "../base/time.ts";

type News = "hidden" | "visible" | "offline" | "online" | "away" | "back";

interface Target {
  addEventListener(type: string, listener: (event: { persisted?: boolean }) => void): void;
  removeEventListener(type: string, listener: (event: { persisted?: boolean }) => void): void;
}

/** What is looked at of `globalThis`. */
export interface PageGlobals extends Partial<Target> {
  readonly document?: (Target & { readonly visibilityState: string }) | undefined;
  readonly navigator?: { readonly onLine?: boolean } | undefined;
}

export class BrowserPage {
  readonly #globals: PageGlobals;

  constructor(globals: PageGlobals) {
    this.#globals = globals;
  }

  get isHidden(): boolean {
    return this.#globals.document?.visibilityState === "hidden";
  }

  get isOffline(): boolean {
    return this.#globals.navigator?.onLine === false;
  }

  listen(tell: (news: News) => void): Cancel {
    const undo: Cancel[] = [];
    const on = (
      target: Partial<Target> | undefined,
      type: string,
      newsOf: (event: { persisted?: boolean }) => News | undefined,
    ): void => {
      const listener = (event: { persisted?: boolean }): void => {
        const news = newsOf(event);
        if (news !== undefined) tell(news);
      };
      target?.addEventListener?.(type, listener);
      undo.push(() => target?.removeEventListener?.(type, listener));
    };
    const { document } = this.#globals;
    on(document, "visibilitychange", () => (this.isHidden ? "hidden" : "visible"));
    on(document, "freeze", () => "away");
    on(document, "resume", () => "back");
    on(this.#globals, "pagehide", ({ persisted }) => (persisted === true ? "away" : undefined));
    on(this.#globals, "pageshow", ({ persisted }) => (persisted === true ? "back" : undefined));
    on(this.#globals, "offline", () => "offline");
    on(this.#globals, "online", () => "online");
    return () => {
      for (const forget of undo) forget();
    };
  }
}
