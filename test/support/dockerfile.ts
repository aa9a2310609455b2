/**
 * Reads a Dockerfile as far as ours goes, and can do what it says without Docker: each stage is a
 * folder, COPY copies, RUN runs. What a container adds (another user, another root) is not tried.
 */
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, runWell } from "./commands.ts";

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const KNOWN: readonly string[] = [
  "FROM",
  "WORKDIR",
  "COPY",
  "RUN",
  "ENV",
  "USER",
  "EXPOSE",
  "STOPSIGNAL",
  "HEALTHCHECK",
  "ENTRYPOINT",
  "CMD",
];

/** @param path From the root of the repository. */
export function readDockerfile(path: string): Instruction[] {
  const text = readFileSync(join(ROOT, path), "utf8").replaceAll(/\\\n\s*/g, " ");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (!KNOWN.includes(name)) throw new Error(`${path}: no instruction that is known: ${line}`);
    return { name, rest };
  });
}

/** Of the exec form: a list of words as JSON. */
export function wordsOf(rest: string): readonly string[] {
  const words: unknown = JSON.parse(rest.slice(rest.indexOf("[")));
  if (Array.isArray(words) && words.every((word) => typeof word === "string")) return words;
  throw new Error(`expected a list of words, got ${rest}`);
}

export interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copyOf(rest: string): Copy {
  const words = rest.split(" ");
  const from = words[0]?.startsWith("--from=") === true ? words.shift()?.slice(7) : undefined;
  const target = words.pop() ?? "";
  return { from, sources: words, target };
}

/** Does what it says below `folder`, and returns the folder in which the program is started. */
export function build(instructions: readonly Instruction[], folder: string): string {
  const roots = new Map<string, string>();
  let root = "";
  let here = "/";
  for (const { name, rest } of instructions) {
    if (name === "FROM") {
      const stage = / AS (\w+)$/.exec(rest)?.[1] ?? "last";
      root = join(folder, stage);
      roots.set(stage, root);
      here = "/";
    } else if (name === "WORKDIR") here = rest;
    else if (name === "COPY") {
      const { from, sources, target } = copyOf(rest);
      const base = from === undefined ? ROOT : (roots.get(from) ?? "");
      const path = join(root, resolve(here, target));
      for (const source of sources) copy(join(base, source), path, target);
    } else if (name === "RUN") {
      const options = { folder: join(root, here), env: freshEnv(), timeoutMs: 150_000 };
      runWell("sh", ["-c", rest], options);
    }
  }
  return join(root, here);
}

/** A target with a slash behind it is a folder, into which a file goes by its own name. */
function copy(source: string, path: string, target: string): void {
  if (!existsSync(source)) throw new Error(`nothing to copy at ${source}`);
  const to = target.endsWith("/") ? join(path, basename(source)) : path;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(source, to, { recursive: true, verbatimSymlinks: true });
}
