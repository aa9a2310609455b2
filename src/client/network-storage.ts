/** Keeps what was learnt of networks in `localStorage`, or in anything of its kind. */
import type { NetworkStore } from "../liveness/adaptive/network-book.ts";

/** What is needed of a `Storage`. */
export interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * A store for `heartbeat.adaptive.memory` that outlives the page. A storage that is full or
 * forbidden costs nothing but the memory: the link warns, and goes on.
 *
 * @param key Under which name it is kept. Pages that share it learn from each other.
 *
 * @example
 * const memory = networkStorage(localStorage);
 * connectAdaptive(url, { heartbeat: { adaptive: { memory } } }); // of holdfast/browser
 */
export function networkStorage(storage: StorageLike, key = "holdfast-networks"): NetworkStore {
  return {
    read: () => storage.getItem(key) ?? undefined,
    write: (text: string) => storage.setItem(key, text),
  };
}
