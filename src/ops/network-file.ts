/**
 * Keeps what was learnt of networks in a JSON file.
 *
 * A file is replaced, never rewritten in place, so that a crash in the middle leaves the old one.
 * It is read and written seldom (a few times for each network), so this is done at once and not in
 * the background, where two links could overtake each other.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { NetworkStore } from "../liveness/adaptive/network-book.ts";

/** Far above what a book of networks needs; a larger file is not one. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * A store for `heartbeat.adaptive.memory` that outlives the process. The file is made when there
 * is something to keep, readable by its owner alone, since it tells which servers were visited.
 * Its folder must exist.
 *
 * @example
 * const memory = networkFile("/var/lib/agent/networks.json");
 * connect(url, { heartbeat: { adaptive: { memory } } });
 */
export function networkFile(path: string): NetworkStore {
  return {
    read: () => {
      try {
        if (statSync(path).size > FILE_BYTES_MAX) return undefined;
        return readFileSync(path, "utf8");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
    },
    write: (text: string) => {
      const fresh = `${path}.${process.pid}.new`;
      try {
        writeFileSync(fresh, text, { mode: 0o600 });
        renameSync(fresh, path);
      } catch (error) {
        rmSync(fresh, { force: true });
        throw error;
      }
    },
  };
}
