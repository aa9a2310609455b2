#!/usr/bin/env node
/** The program `holdfast`: binds the command line to this process, and nothing else. */
import { systemClock } from "../driver/system.ts";
import { run } from "./run.ts";
import { runServeWorker, WORKER_COMMAND } from "./serve-worker.ts";
import type { Surroundings } from "./surroundings.ts";

const surroundings: Surroundings = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  self: {
    pid: process.pid,
    monotonicUs: () => process.hrtime.bigint() / 1_000n,
    unsetEnv: (name) => void delete process.env[name],
  },
  onSignal: (name, listener) => {
    // Windows knows no SIGUSR2, and asking for it would throw.
    if (name === "SIGUSR2" && process.platform === "win32") return () => {};
    process.on(name, listener);
    return () => process.off(name, listener);
  },
};
const argv = process.argv.slice(2);
const isWorker = argv[0] === WORKER_COMMAND;
const code = await (isWorker ? runServeWorker(surroundings) : run(argv, surroundings));
// A terminal or a pipe on stdin would keep the process alive.
process.exit(code);
