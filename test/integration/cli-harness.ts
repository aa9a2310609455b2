/** Runs `holdfast` in this process, with streams that a test reads and writes. */
import { PassThrough } from "node:stream";
import { onTestFinished } from "vitest";
import { run } from "../../src/cli/run.ts";
import type { SignalName } from "../../src/cli/surroundings.ts";
import { systemClock } from "../../src/driver/system.ts";

export interface Running {
  readonly stdin: PassThrough;
  /** All that was written so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the first text that matches; rejects when the command ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: SignalName): void;
  /** Makes stdout a pipe whose reader went away. */
  breakStdout(): void;
  readonly exitCode: Promise<number>;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether stdin, stdout and stderr are terminals. */
  readonly terminal?: { readonly [Name in "stdin" | "stdout" | "stderr"]?: boolean };
}

const SAYS_WITHIN_MS = 10_000;

export function holdfast(argv: readonly string[], options: Options = {}): Running {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const [out, err] = [new Transcript(stdout), new Transcript(stderr)];
  const signals = new Map<SignalName, Set<() => void>>();
  const isTerminal = { ...options.terminal };
  const env: Record<string, string> = { ...options.env };
  const exitCode = run(argv, {
    env,
    stdin: Object.assign(stdin, { isTTY: isTerminal.stdin ?? false }),
    stdout: Object.assign(stdout, { isTTY: isTerminal.stdout ?? false, columns: 80 }),
    stderr: Object.assign(stderr, { isTTY: isTerminal.stderr ?? false, columns: 80 }),
    clock: systemClock,
    self: {
      pid: process.pid,
      monotonicUs: () => process.hrtime.bigint() / 1_000n,
      unsetEnv: (name) => void delete env[name],
    },
    onSignal: (name, listener) => {
      const listeners = signals.get(name) ?? new Set();
      signals.set(name, listeners.add(listener));
      return () => listeners.delete(listener);
    },
  });
  const signal = (name: SignalName): void => {
    for (const listener of [...(signals.get(name) ?? [])]) listener();
  };
  onTestFinished(async () => {
    // Twice: whatever still runs ends at once.
    signal("SIGTERM");
    signal("SIGTERM");
    await exitCode.catch(() => {});
  });
  return {
    stdin,
    stdout: () => out.text,
    stderr: () => err.text,
    says: async (pattern) => await untilSaid([out, err], pattern, exitCode),
    signal,
    breakStdout: () => void stdout.destroy(Object.assign(new Error("EPIPE"), { code: "EPIPE" })),
    exitCode,
  };
}

/** All that was written to one stream. */
class Transcript {
  text = "";
  readonly #watchers = new Set<() => void>();

  constructor(stream: PassThrough) {
    stream.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      for (const look of this.#watchers) look();
    });
  }

  watch(look: () => void): void {
    this.#watchers.add(look);
  }
}

function untilSaid(
  transcripts: readonly Transcript[],
  pattern: RegExp,
  exitCode: Promise<number>,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const said = (): string => transcripts.map(({ text }) => text).join("");
    const fail = (why: string): void =>
      reject(new Error(`${why} before ${pattern} was said, but:\n${said()}`));
    const timer = setTimeout(() => fail(`${SAYS_WITHIN_MS} ms passed`), SAYS_WITHIN_MS);
    const look = (): void => {
      const found = pattern.exec(said());
      if (found === null) return;
      clearTimeout(timer);
      resolve(found);
    };
    for (const transcript of transcripts) transcript.watch(look);
    void exitCode.then((code) => {
      look();
      clearTimeout(timer);
      fail(`it ended with ${code}`);
    });
    look();
  });
}

/** A server on a free port, and that port. */
export async function serving(
  ...flags: readonly string[]
): Promise<{ readonly server: Running; readonly port: string }> {
  const server = holdfast(["serve", "--listen", "tcp://127.0.0.1:0", ...flags]);
  const [, port = ""] = await server.says(/127\.0\.0\.1:(\d+)/);
  return { server, port };
}
