/** The `for await` loops over one link. Each has a queue of its own; the fullest sets the pace. */
import type { Message } from "../connection/effects.ts";
import { Inbox } from "./inbox.ts";

export class Readers {
  readonly #bytesMax: number;
  readonly #onPace: () => void;
  readonly #inboxes = new Set<Inbox>();
  #isOver = false;

  /** `onPace` runs when `areBehind` may have changed because a loop took a message or was left. */
  constructor(bytesMax: number, onPace: () => void) {
    this.#bytesMax = bytesMax;
    this.#onPace = onPace;
  }

  get areBehind(): boolean {
    for (const inbox of this.#inboxes) if (inbox.isFull) return true;
    return false;
  }

  iterate(): Inbox {
    const inbox = new Inbox(this.#bytesMax, (changed) => {
      if (changed.isOver) this.#inboxes.delete(changed);
      this.#onPace();
    });
    if (this.#isOver) inbox.end();
    else this.#inboxes.add(inbox);
    return inbox;
  }

  push(message: Message): void {
    for (const inbox of this.#inboxes) {
      // Bytes belong to whoever got them: two readers do not share an array.
      inbox.push(typeof message === "string" ? message : new Uint8Array(message));
    }
  }

  end(): void {
    this.#isOver = true;
    for (const inbox of this.#inboxes) inbox.end();
    this.#inboxes.clear();
  }
}
