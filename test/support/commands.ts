/** Runs a program to its end and tells all that it said. */
import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { ROOT } from "../../scripts/house.ts";

export interface Outcome {
  readonly code: number | null;
  /** stdout, then stderr. */
  readonly said: string;
}

interface RunOptions {
  readonly folder?: string;
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Outcome {
  const result = spawnSync(program, args, {
    cwd: options.folder ?? ROOT,
    env: options.env ?? freshEnv(),
    encoding: "utf8",
    timeout: options.timeoutMs ?? 60_000,
    killSignal: "SIGKILL",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  return { code: result.status, said: result.stdout + result.stderr };
}

/** Runs and throws what was said unless the program ends with 0. Returns stdout and stderr. */
export function runWell(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): string {
  const { code, said } = run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${said}`);
  return said;
}

/** A program of this repository's node_modules. */
export function tool(name: string): string {
  return join(ROOT, "node_modules", ".bin", name);
}

/**
 * This environment as a newcomer would have it: without what the test run and npm put there. With
 * `node`, that binary is the first `node` on the PATH.
 */
export function freshEnv(node: string = process.execPath): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(?:HOLDFAST_|VITEST|npm_|NODE_ENV$|NODE_OPTIONS$|TEST$|CI$|INIT_CWD$)/.test(name)) {
      env[name] = value;
    }
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter((path) => !path.endsWith(".bin"));
  env["PATH"] = [dirname(node), ...folders].join(delimiter);
  return env;
}
