/** The `for await` loops over one link. Each has a queue of its own; the fullest sets the pace. */
import type { Message } from "../connection/effects.ts";
import { Inbox } from "./inbox.ts";

export interface ReadersOwner {
  /** `areBehind` may have changed because a loop took a message or was left. */
  onPace(): void;
}

export class Readers {
  readonly #bytesMax: number;
  readonly #owner: ReadersOwner;
  /** Made with the first loop: many links have none. */
  #inboxes: Set<Inbox> | undefined;
  #isOver = false;

  constructor(bytesMax: number, owner: ReadersOwner) {
    this.#bytesMax = bytesMax;
    this.#owner = owner;
  }

  get areBehind(): boolean {
    if (this.#inboxes === undefined) return false;
    for (const inbox of this.#inboxes) if (inbox.isFull) return true;
    return false;
  }

  iterate(): Inbox {
    const inbox = new Inbox(this.#bytesMax, (changed) => {
      if (changed.isOver) this.#inboxes?.delete(changed);
      this.#owner.onPace();
    });
    this.#inboxes ??= new Set();
    if (this.#isOver) inbox.end();
    else this.#inboxes.add(inbox);
    return inbox;
  }

  push(message: Message): void {
    if (this.#inboxes === undefined) return;
    for (const inbox of this.#inboxes) {
      // Bytes belong to whoever got them: two readers do not share an array.
      inbox.push(typeof message === "string" ? message : new Uint8Array(message));
    }
  }

  end(): void {
    this.#isOver = true;
    const inboxes = this.#inboxes;
    this.#inboxes = undefined;
    if (inboxes !== undefined) for (const inbox of inboxes) inbox.end();
  }
}
