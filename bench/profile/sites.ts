/**
 * Names the places that V8's profilers report: functions of ours by their line in src/, the rest by
 * what Node or V8 calls them.
 *
 * A profiler names a function and where it begins, not the statement. A builtin of the language
 * (`subarray`, `Map.get`) has no place of its own, so it is told together with its caller, and
 * belongs to whom the caller belongs.
 */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DIST, ROOT } from "./repository.ts";

export type SiteOrigin = "ours" | "node" | "native" | "bench";

export interface Site {
  readonly name: string;
  readonly where: string;
  readonly origin: SiteOrigin;
}

/** As the inspector's protocol has it; lines and columns count from 0. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export class Sites {
  readonly #maps = new Map<string, SourceMap | undefined>();

  /** `callers` lead from the frame outwards. */
  of(frame: CallFrame, callers: readonly CallFrame[]): Site {
    const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
    if (frame.url.startsWith("node:")) {
      return { name, where: `${frame.url}:${frame.lineNumber + 1}`, origin: "node" };
    }
    if (frame.url !== "") return { name, ...this.#inFile(frame.url, frame) };
    // In parentheses V8 names states of itself.
    const caller = name.startsWith("(") ? undefined : callers[0];
    if (caller === undefined) return { name, where: "", origin: "native" };
    const site = this.of(caller, callers.slice(1));
    return { name: `${name} in ${site.name}`, where: site.where, origin: site.origin };
  }

  /** A line of a compiled file, counted from 1, as a line of its source. */
  line(url: string, line: number): string {
    return this.#inFile(url, { lineNumber: line - 1, columnNumber: 0 }).where;
  }

  #inFile(
    url: string,
    { lineNumber, columnNumber }: { lineNumber: number; columnNumber: number },
  ): { where: string; origin: SiteOrigin } {
    const path = fileURLToPath(url);
    if (!path.startsWith(DIST)) {
      return { where: `${relative(ROOT, path)}:${lineNumber + 1}`, origin: "bench" };
    }
    const entry = this.#map(path)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !("originalSource" in entry)) {
      return { where: `${relative(ROOT, path)}:${lineNumber + 1}`, origin: "ours" };
    }
    const source = resolve(dirname(path), entry.originalSource);
    return { where: `${relative(ROOT, source)}:${entry.originalLine + 1}`, origin: "ours" };
  }

  #map(path: string): SourceMap | undefined {
    if (!this.#maps.has(path)) {
      const file = `${path}.map`;
      const map = existsSync(file)
        ? new SourceMap(JSON.parse(readFileSync(file, "utf8")) as never)
        : undefined;
      this.#maps.set(path, map);
    }
    return this.#maps.get(path);
  }
}
