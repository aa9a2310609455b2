/**
 * Programs of this machine: where they are, what they say of their version, and running one to its
 * end. Nothing here rejects or throws: what is not there is undefined.
 */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where daemons are: not on the PATH of everybody. */
const FOLDERS_OF_DAEMONS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const TIME_LIMIT_MS = 300_000;

export interface Outcome {
  /** Undefined when it could not be started, or was ended by its time limit. */
  readonly code: number | undefined;
  /** stdout, then stderr. */
  readonly said: string;
}

/** The whole path of the first of these names that is there. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...FOLDERS_OF_DAEMONS];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== "" && isExecutable(path)) return path;
    }
  }
  return undefined;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not for us.
  }
}

/** Runs a program without stdin. `env` is added to ours. */
export function runToEnd(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: TIME_LIMIT_MS, maxBuffer: 2 ** 24 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const said = stdout + stderr;
      if (error === null) resolve({ code: 0, said });
      else if (typeof error.code === "number") resolve({ code: error.code, said });
      else resolve({ code: undefined, said: said === "" ? error.message : said });
    });
    child.stdin?.end();
  });
}

/** The first thing that looks like a version in what it says; undefined if it cannot be run. */
export async function versionOf(
  file: string,
  args: readonly string[],
): Promise<string | undefined> {
  const { said } = await runToEnd(file, args);
  return /\d+\.\d+(?:\.\d+)?/.exec(said)?.[0];
}

/** For one-line reports of what went wrong. */
export function firstLineOf(text: string): string {
  return (
    text
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? "it said nothing"
  );
}
