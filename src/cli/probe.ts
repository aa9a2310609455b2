/**
 * `holdfast probe`: asks a path how long it lets a connection be silent.
 *
 * Ctrl-C ends it with what is known by then. The exit code is 0 when there is a report, 130 or 143
 * when a signal cut it short, 1 when the server could not be talked to.
 */
import { readFileSync } from "node:fs";
import { printable } from "../base/printable.ts";
import { probe } from "../ops/probe/probe.ts";
import { readDescriptorLimit } from "../server/descriptor-limit.ts";
import { onEndSignals } from "./end-signals.ts";
import { Outlet } from "./outlet.ts";
import { paintFor } from "./paint.ts";
import type { ProbeSettings } from "./probe-settings.ts";
import { ProbeView } from "./probe-view.ts";
import { NO_STATUS_LINE, RewrittenLine } from "./status-line.ts";
import { EXIT_DONE, type Surroundings } from "./surroundings.ts";
import { tlsClientOptions } from "./tls-settings.ts";
import { CommandFailure, UsageError } from "./usage-error.ts";

/** As ops/probe/options.ts has it. */
const CONNECTIONS = 130;
/** What the process itself keeps open, with room. */
const OTHER_FILES = 40;

export async function probeCommand(
  urls: readonly string[],
  settings: ProbeSettings,
  surroundings: Surroundings,
): Promise<number> {
  const [url, ...more] = urls;
  if (url === undefined || more.length > 0) {
    throw new UsageError(`expected one url, got ${urls.length}: each path is probed by itself`);
  }
  checkDescriptors();
  const { tokenFile, json, ca, cert, key, serverName, ...options } = settings;
  const tls = tlsClientOptions({ ca, cert, key, serverName }, surroundings.env);
  const token = readToken(tokenFile, surroundings.env["HOLDFAST_TOKEN"]);
  const abort = new AbortController();
  let exitCode = EXIT_DONE;
  const stdout = new Outlet(surroundings.stdout, () => abort.abort());
  const stderr = new Outlet(surroundings.stderr, () => {});
  const hasLine = stderr.isTerminal && !json;
  const line = hasLine ? new RewrittenLine(stderr) : NO_STATUS_LINE;
  const paint = paintFor(stderr.isTerminal, surroundings.env);
  const view = new ProbeView({ stdout, stderr, line }, paint, surroundings.clock, json);
  const cancel = onEndSignals(surroundings, (code) => {
    exitCode = code;
    abort.abort();
  });
  try {
    const given = { ...options, tls, token, signal: abort.signal };
    view.showReport(await probe(url, given, { observe: (event) => view.show(event) }));
  } finally {
    cancel();
    line.close();
  }
  await Promise.all([stdout.flushed(), stderr.flushed()]);
  return exitCode;
}

function checkDescriptors(): void {
  const limit = readDescriptorLimit();
  if (limit === undefined || limit >= CONNECTIONS + OTHER_FILES) return;
  throw new CommandFailure(
    `expected a limit of at least ${CONNECTIONS + OTHER_FILES} open files, got ${limit}; ` +
      "raise it with ulimit -n",
  );
}

function readToken(file: string | undefined, fromEnv: string | undefined): string | undefined {
  if (file === undefined) return fromEnv === "" ? undefined : fromEnv;
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : "an unknown error";
    throw new UsageError(`--token-file: expected a file that can be read, got ${why}`, { cause });
  }
  if (token === "") throw new UsageError("--token-file: expected a token, got an empty file");
  return token;
}
