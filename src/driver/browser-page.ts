/**
 * Listens to a page, or to a worker, which has no document: what happens there, as PageNews.
 *
 * Sources: Page Visibility (W3C), Page Lifecycle (WICG: `freeze` and `resume`), HTML section 7.4
 * (`pagehide` and `pageshow`, with `persisted` for the back-forward cache), HTML section 8.9
 * (`navigator.onLine`). No `unload` and no `beforeunload`: they keep a page out of that cache.
 * Events of the document are heard by the window while they come down to it, for not all go up.
 */
import type { Cancel } from "../base/time.ts";

type News = "hidden" | "visible" | "offline" | "online" | "away" | "back";

interface PageEvent {
  readonly type: string;
  readonly persisted?: boolean;
}

type Listener = (event: PageEvent) => void;

/** What is looked at of `globalThis`. */
export interface PageGlobals {
  readonly document?: { readonly visibilityState: string } | undefined;
  readonly navigator?: { readonly onLine?: boolean } | undefined;
  addEventListener?(type: string, listener: Listener, capture: true): void;
  removeEventListener?(type: string, listener: Listener, capture: true): void;
}

const NEWS: Readonly<Record<string, News | undefined>> = {
  visibilitychange: undefined,
  freeze: "away",
  resume: "back",
  pagehide: "away",
  pageshow: "back",
  offline: "offline",
  online: "online",
};

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
    const globals = this.#globals;
    const types = Object.keys(NEWS);
    const listener: Listener = ({ type, persisted }) => {
      // A page that is left for good, or shown for the first time.
      if (persisted === false) return;
      tell(NEWS[type] ?? (this.isHidden ? "hidden" : "visible"));
    };
    for (const type of types) globals.addEventListener?.(type, listener, true);
    return () => {
      for (const type of types) globals.removeEventListener?.(type, listener, true);
    };
  }
}
