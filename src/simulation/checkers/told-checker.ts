/**
 * What all checkers share: they see events after the ground truth has taken them, and report under
 * their own name, each thing once.
 */
import { type GroundTruth, truthOf } from "../ground-truth.ts";
import type { SimEvent } from "../sim-event.ts";
import type { LinkView, MakeChecker, ServerTerms, ServerView, WorldView } from "../world-view.ts";

export interface CheckerParts {
  onEvent?(event: SimEvent): void;
  onLook?(view: WorldView): void;
  onOver?(view: WorldView): void;
}

export interface CheckerTools {
  readonly truth: GroundTruth;
  /** Lives on during the whole run. */
  readonly view: WorldView;
  readonly terms: TermsBook;
  /** `key` names what is wrong, so that a lasting fault is reported once. */
  readonly report: (key: string, atMs: number, sentence: string) => void;
}

export function toldChecker(
  name: string,
  build: (tools: CheckerTools) => CheckerParts,
): MakeChecker {
  return (view, report) => {
    const truth = truthOf(view);
    const told = new Set<string>();
    const parts = build({
      truth,
      view,
      terms: new TermsBook(view),
      report: (key, atMs, sentence) => {
        if (told.has(key)) return;
        told.add(key);
        report({ atMs, sentence });
      },
    });
    return {
      name,
      onEvent(event): void {
        truth.take(event);
        parts.onEvent?.(event);
      },
      onLook(now): void {
        truth.sweep(now.nowMs);
        parts.onLook?.(now);
      },
      onOver(now): void {
        truth.sweep(now.nowMs);
        parts.onOver?.(now);
      },
    };
  };
}

export function nameOf(of: { readonly flow: number; readonly side: string }): string {
  return `flow ${of.flow} (${of.side})`;
}

/** A host that was not found is looked for again after so long: programs come and go. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Who is configured how. Found once for each host, since what a view lists is put together anew at
 * each call, and a crowd is not to be searched at each event.
 */
export class TermsBook {
  readonly #view: WorldView;
  readonly #links: Map<string, LinkView> = new Map();
  readonly #servers: Map<string, ServerTerms> = new Map();
  readonly #missedAtMs: Map<string, number> = new Map();

  constructor(view: WorldView) {
    this.#view = view;
  }

  /** A link of that host; of its state only what never changes may be used. */
  link(host: string): LinkView | undefined {
    return this.#links.get(host) ?? this.#search(host, this.#links);
  }

  server(host: string): ServerTerms | undefined {
    return this.#servers.get(host) ?? this.#search(host, this.#servers);
  }

  #search<Found>(host: string, book: ReadonlyMap<string, Found>): Found | undefined {
    const { nowMs } = this.#view;
    const missedAtMs = this.#missedAtMs.get(host);
    if (missedAtMs !== undefined && nowMs < missedAtMs + LOOK_AGAIN_MS) return undefined;
    for (const link of this.#view.links) this.#links.set(link.host, link);
    for (const { host: name, terms } of this.#view.servers) this.#servers.set(name, terms);
    const found = book.get(host);
    if (found === undefined) this.#missedAtMs.set(host, nowMs);
    return found;
  }
}

/** Where to find the present state of a server. */
export function serverView(view: WorldView, host: string): ServerView | undefined {
  return view.servers.find((server) => server.host === host);
}
