/**
 * Holds the promises of all transports on the runtime that runs this, and prints a line of JSON for
 * each: `{"run","promise","fault"}`, without a fault where it is kept.
 *
 *     bun test/conformance/promises-program.ts [run ...]
 *
 * Easy to break: a check that fails leaves sockets, so each runs under a limit and the program ends
 * by itself, whatever is left open.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { chooseEngine } from "../../src/transports/tcp/choose-engine.ts";
import { LISTENER_CHECKS } from "./listener-checks.ts";
import { promiseRuns } from "./promise-runs.ts";

const LIMIT_MS = 20_000;

const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "holdfast-promises-"));
let uncaught: Error | undefined;
process.on("uncaughtException", (error) => {
  uncaught ??= error;
});

const { engine, why } = await chooseEngine("auto", "at accept");
tell("choice", "auto takes the sockets of the runtime", engine.name === "bun" ? undefined : why);

for (const run of await promiseRuns(directory)) {
  if (wanted.length > 0 && !wanted.includes(run.name)) continue;
  for (const { promise, check } of TRANSPORT_PROMISES) {
    tell(run.name, promise, await faultOf(async () => check(await run.rig())));
  }
  const { engine: tried } = run;
  if (tried === undefined) continue;
  for (const { promise, check } of LISTENER_CHECKS) {
    tell(run.name, promise, await faultOf(() => check(tried)));
  }
}
rmSync(directory, { recursive: true, force: true });
process.exit(0);

function tell(run: string, promise: string, fault: string | undefined): void {
  process.stdout.write(`${JSON.stringify({ run, promise, fault })}\n`);
}

/** Undefined when the promise is kept. */
async function faultOf(check: () => Promise<void>): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([check(), limit]);
    if (uncaught !== undefined) throw uncaught;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    uncaught = undefined;
  }
}
