/**
 * What is remembered of many networks, by the key that a server gave each: at most 64 of them, the
 * longest unused forgotten first, and none longer than 30 days.
 *
 * Where the text is kept is a `NetworkStore`: memory, a file, a browser's local storage.
 *
 * Easy to break: keys and texts come from servers and files. A text of another version, or one that
 * is no book at all, is an empty book and never an exception.
 */
import { type NetworkMemory, parseNetworkMemory } from "./network-memory.ts";

/** Where a book is kept between processes. Both calls may be made at any time. */
export interface NetworkStore {
  /** Undefined if nothing was written yet. */
  read(): string | undefined;
  write(text: string): void;
}

const BOOK_VERSION = 1;
const NETWORKS_MAX = 64;
const KEY_CHARACTERS_MAX = 256;
const TEXT_CHARACTERS_MAX = 262_144;
const KEPT_MS = 30 * 86_400_000;

interface Entry {
  readonly memory: NetworkMemory;
  readonly usedAtWallMs: number;
}

export class NetworkBook {
  /** In the order of use, the longest unused first. */
  readonly #entries = new Map<string, Entry>();

  /** Reads what `toText` wrote; whatever else comes is an empty book. */
  static fromText(text: string | undefined): NetworkBook {
    const book = new NetworkBook();
    const value = text === undefined ? undefined : parsed(text);
    if (!isRecord(value) || value["version"] !== BOOK_VERSION) return book;
    const networks = value["networks"];
    if (!Array.isArray(networks)) return book;
    const entries = networks.map(parseEntry).filter((entry) => entry !== undefined);
    for (const [key, entry] of entries.toSorted(byUse)) book.#put(key, entry);
    return book;
  }

  toText(): string {
    const networks = [...this.#entries].map(([key, entry]) => ({ key, ...entry }));
    return JSON.stringify({ version: BOOK_VERSION, networks });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is known of a network; looking it up is a use. */
  recall(key: string, wallNowMs: number): NetworkMemory | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (wallNowMs - entry.usedAtWallMs > KEPT_MS) {
      this.#entries.delete(key);
      return undefined;
    }
    this.#put(key, { memory: entry.memory, usedAtWallMs: wallNowMs });
    return entry.memory;
  }

  /** A key that no sensible server would send is ignored. */
  remember(key: string, memory: NetworkMemory, wallNowMs: number): void {
    if (isKey(key)) this.#put(key, { memory, usedAtWallMs: wallNowMs });
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= NETWORKS_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function parsed(text: string): unknown {
  if (text.length > TEXT_CHARACTERS_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A torn or foreign file: what was remembered is lost, and nothing else.
    return undefined;
  }
}

function parseEntry(value: unknown): [key: string, entry: Entry] | undefined {
  if (!isRecord(value)) return undefined;
  const key = value["key"];
  const usedAtWallMs = value["usedAtWallMs"];
  const memory = parseNetworkMemory(value["memory"]);
  if (!isKey(key) || memory === undefined) return undefined;
  if (typeof usedAtWallMs !== "number" || !Number.isFinite(usedAtWallMs)) return undefined;
  return [key, { memory, usedAtWallMs }];
}

function byUse([, a]: [string, Entry], [, b]: [string, Entry]): number {
  return a.usedAtWallMs - b.usedAtWallMs;
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= KEY_CHARACTERS_MAX;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
