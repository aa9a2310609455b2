/**
 * Which url is dialled next: the listed ones in turn, unless a server sends the link elsewhere.
 *
 * A redirect is good for one dial. After that, whatever became of it, the list counts again.
 */
import { assert } from "../base/assert.ts";
import type { GoAway } from "../wire/frame.ts";
import { REDIRECTS_IN_ROW_MAX, resolveRedirect } from "./redirect.ts";
import type { LinkTarget } from "./target.ts";

export class Route {
  readonly #targets: readonly LinkTarget[];
  readonly #redirectTo: readonly string[];
  readonly #parse: (url: string) => LinkTarget;
  #index = 0;
  #redirect: LinkTarget | undefined;
  #isDetour = false;
  #redirectsInRow = 0;
  #isEndless = false;

  constructor(
    targets: readonly LinkTarget[],
    redirectTo: readonly string[],
    parse: (url: string) => LinkTarget,
  ) {
    assert(targets.length > 0, "a link has a url");
    this.#targets = targets;
    this.#redirectTo = redirectTo;
    this.#parse = parse;
  }

  /** What `take` would return. */
  get next(): LinkTarget {
    return this.#redirect ?? (this.#targets[this.#index] as LinkTarget);
  }

  /** The servers sent the link from one to the next once too often. */
  get isEndless(): boolean {
    return this.#isEndless;
  }

  /** The url of the dial that begins now. */
  take(): LinkTarget {
    const target = this.next;
    this.#isDetour = this.#redirect !== undefined;
    this.#redirect = undefined;
    return target;
  }

  /** Returns what to warn about: why a redirect will not be followed. */
  onGoAway(goaway: GoAway, from: LinkTarget): string | undefined {
    this.#redirect = undefined;
    if (goaway.url === undefined || goaway.retry === "never") return undefined;
    const redirect = resolveRedirect(goaway.url, from, this.#redirectTo, this.#parse);
    if ("refused" in redirect) return redirect.refused;
    this.#redirect = redirect.to;
    return undefined;
  }

  /** The dial failed, or its connection ended. `isStable`: it had lived long enough to count. */
  onOver(isStable: boolean): void {
    if (isStable) this.#redirectsInRow = 0;
    if (this.#redirect !== undefined) {
      this.#redirectsInRow += 1;
      if (this.#redirectsInRow > REDIRECTS_IN_ROW_MAX) this.#isEndless = true;
      return;
    }
    this.#redirectsInRow = 0;
    if (isStable || this.#isDetour) return;
    this.#index = (this.#index + 1) % this.#targets.length;
  }
}
