/** What each link did last, by its statuses: for the checkers of redialling. */
import type { LinkStatus } from "../../client/status.ts";
import type { SimEvent } from "../sim-event.ts";
import type { ClientTerms, WorldView } from "../world-view.ts";

export interface LinkStory {
  readonly name: string;
  readonly host: string;
  readonly terms: ClientTerms;
  status: LinkStatus;
  sinceMs: number;
  before: LinkStatus | undefined;
  /** When its latest dial began. */
  dialledAtMs: number | undefined;
  /** When the one before that began. */
  dialledBeforeMs: number | undefined;
  hasEnded: boolean;
}

export class LinkBook {
  readonly stories: Map<string, LinkStory> = new Map();
  readonly #view: WorldView;

  constructor(view: WorldView) {
    this.#view = view;
  }

  /** The story after this event; undefined for a link that the view does not know. */
  take(event: SimEvent & { what: "status" }): LinkStory | undefined {
    const { link: name, status, atMs } = event;
    let story = this.stories.get(name);
    if (story === undefined) {
      const link = this.#view.links.find((one) => one.name === name);
      if (link === undefined) return undefined;
      const { host, terms } = link;
      story = {
        name,
        host,
        terms,
        status,
        sinceMs: atMs,
        before: undefined,
        dialledAtMs: undefined,
        dialledBeforeMs: undefined,
        hasEnded: false,
      };
      this.stories.set(name, story);
    } else {
      story.before = story.status;
      // "online" and "suspect" are one state, and the time of its beginning counts.
      if (!isOnline(status) || !isOnline(story.status)) story.sinceMs = atMs;
      story.status = status;
    }
    if (status.name === "connecting") {
      story.dialledBeforeMs = story.dialledAtMs;
      story.dialledAtMs = atMs;
    }
    if (status.name === "ended") story.hasEnded = true;
    return story;
  }
}

export function isOnline(status: LinkStatus | undefined): boolean {
  return status?.name === "online" || status?.name === "suspect";
}
