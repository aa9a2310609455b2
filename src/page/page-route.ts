/**
 * Which url is dialled next: the listed ones in turn, unless a server sends the link elsewhere, for
 * one dial. It may do that to its own host, or to a name that the application listed, and never
 * from an encrypted path to a plain one.
 */
import type { GoAway } from "../wire/frame.ts";
import { type PageTarget, pageTarget } from "./page-url.ts";

/** After so many in a row the link ends: servers that point at each other would go on for ever. */
const REDIRECTS_IN_ROW_MAX = 3;

export class PageRoute {
  readonly #targets: readonly PageTarget[];
  readonly #redirectTo: readonly string[];
  #index = 0;
  #redirect: PageTarget | undefined;
  #isDetour = false;
  #redirectsInRow = 0;

  constructor(targets: readonly PageTarget[], redirectTo: readonly string[]) {
    this.#targets = targets;
    this.#redirectTo = redirectTo;
  }

  /** What `take` would return. */
  get next(): PageTarget {
    return this.#redirect ?? (this.#targets[this.#index] as PageTarget);
  }

  get isEndless(): boolean {
    return this.#redirectsInRow > REDIRECTS_IN_ROW_MAX;
  }

  take(): PageTarget {
    const { next } = this;
    this.#isDetour = this.#redirect !== undefined;
    this.#redirect = undefined;
    return next;
  }

  /** Returns what to warn about: why a redirect will not be followed. */
  onGoAway({ url, retry }: GoAway, from: PageTarget): string | undefined {
    this.#redirect = undefined;
    if (url === undefined || retry === "never") return undefined;
    let to: PageTarget;
    try {
      to = pageTarget(url, from.isLine);
    } catch (error) {
      return String(error);
    }
    const isAllowed = to.host === from.host || this.#redirectTo.includes(to.host);
    if (!isAllowed || to.isLine !== from.isLine || (from.secure && !to.secure)) {
      return `the redirect to ${to.label} leads to plain text, or is not in \`redirectTo\``;
    }
    this.#redirect = to;
    return undefined;
  }

  /** The dial failed, or its connection ended. `isStable`: it had lived long enough to count. */
  onOver(isStable: boolean): void {
    if (isStable) this.#redirectsInRow = 0;
    if (this.#redirect !== undefined) {
      this.#redirectsInRow += 1;
      return;
    }
    this.#redirectsInRow = 0;
    if (isStable || this.#isDetour) return;
    this.#index = (this.#index + 1) % this.#targets.length;
  }
}
