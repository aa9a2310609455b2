/**
 * Compiles the contenders that need it, when their source is newer than the program.
 *
 * The program appears under its name only when it is whole, so that an interrupted compiler leaves
 * nothing that would be measured, and two that compile the same side by side do no harm.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, firstLineOf, runToEnd } from "./programs.ts";

export interface Build {
  /** The program that is to be there afterwards. */
  readonly output: string;
  /** The folder of the sources; what counts as one is told by the endings. */
  readonly sourceFolder: string;
  readonly endings: readonly string[];
  readonly compiler: Compiler;
}

export interface Compiler {
  /** `C` or `Go`: for sentences. */
  readonly language: string;
  /** The names it may have on the PATH. */
  readonly names: readonly string[];
  /** What brings it, for whoever has none. */
  readonly remedy: string;
  readonly env: Readonly<Record<string, string>>;
  args(sources: readonly string[], output: string): readonly string[];
}

export type Built =
  | { readonly compilerFile: string; readonly why?: undefined }
  | { readonly compilerFile?: undefined; readonly why: string };

export async function compileIfNewer(build: Build): Promise<Built> {
  const { output, compiler } = build;
  const compilerFile = findProgram(...compiler.names);
  if (compilerFile === undefined) {
    return { why: `no ${compiler.language} compiler: ${compiler.remedy}` };
  }
  const files = filesOf(build);
  const sources = files.filter((file) => !file.endsWith(".h"));
  if (sources.length === 0) return { why: "there is no source to compile" };
  const builtAt = changedAt(output);
  if (files.every((file) => changedAt(file) < builtAt)) return { compilerFile };

  mkdirSync(dirname(output), { recursive: true });
  const partial = `${output}.${randomUUID()}.partial`;
  const outcome = await runToEnd(compilerFile, compiler.args(sources, partial), compiler.env);
  if (outcome.code !== 0) {
    rmSync(partial, { force: true });
    return { why: `it does not compile: ${firstFaultIn(outcome.said)}` };
  }
  renameSync(partial, output);
  return { compilerFile };
}

/**
 * Compilers say where they are first (`# command-line-arguments`, `In function …`), then what. The
 * folder is left out: it says where somebody keeps this repository, and results are published.
 */
function firstFaultIn(said: string): string {
  const faults = said.split("\n").filter((line) => /:\d+(?::\d+)?:/.test(line));
  const fault = firstLineOf(faults.length === 0 ? said : faults.join("\n"));
  return fault.replace(/^\S*\//, "");
}

function filesOf({ sourceFolder, endings }: Build): readonly string[] {
  try {
    return readdirSync(sourceFolder)
      .filter((name) => endings.some((ending) => name.endsWith(ending)))
      .toSorted()
      .map((name) => join(sourceFolder, name));
  } catch {
    return []; // The folder is not there, which is the same as empty to whoever compiles.
  }
}

/** Milliseconds since 1970; 0 for what is not there. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
