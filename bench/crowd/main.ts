/**
 * `npm run bench:crowd`: a hundred thousand connections that beat, of which a thousand fall silent.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { onInterrupt, runMain, say, UsageFault, wholeNumber } from "../run/command-line.ts";
import { compileLoad } from "../run/load-program.ts";
import { describeCommit, describeMachine } from "../run/machine.ts";
import { findPlaces } from "../run/places.ts";
import { Troupe } from "../run/troupe.ts";
import { measureCrowd, PER_PROCESS_MAX } from "./crowd.ts";
import { missingFrom, readLimits } from "./limits.ts";
import type { CrowdAmounts, CrowdResult } from "./results.ts";
import { brokenPromises, crowdPage, crowdTable } from "./table.ts";

interface Flags {
  readonly quick?: true;
  readonly connections?: number;
  readonly workers?: number;
  readonly apart?: true;
  readonly json?: string;
  readonly write?: true;
}

const RESULTS = "bench/crowd/results.json";
const PAGE = "docs/guides/many-connections.md";
/** As the load generator dials: 512 at a time, from 32 addresses of loopback. */
const DIALS_AT_ONCE = 512;
const SOURCE_ADDRESSES = 32;

const FULL: CrowdAmounts = {
  connections: 100_000,
  frozen: 1_000,
  workers: 6,
  everyMs: 30_000,
  timeoutMs: 60_000,
  settleMs: 40_000,
};

const QUICK: CrowdAmounts = {
  connections: 5_000,
  frozen: 50,
  workers: 2,
  everyMs: 2_000,
  timeoutMs: 5_000,
  settleMs: 3_000,
};

await runMain(async () => {
  const command = new Command("npm run bench:crowd --")
    .description("A crowd of connections that beat, of which one in a hundred falls silent.")
    .option("--quick", "5,000 of them, in a quarter of a minute")
    .option("--connections <n>", "how many", wholeNumber(200, 1_000_000))
    .option("--workers <n>", "processes that serve", wholeNumber(1, 64))
    .option("--apart", "servers with a port each, instead of workers on one port")
    .option("--json <file>", "write the results there, too")
    .option("--write", `publish: ${PAGE} and ${RESULTS}, from a clean tree`)
    .exitOverride();
  await command.parseAsync();
  await run(command.opts<Flags>());
});

async function run(flags: Flags): Promise<void> {
  const places = findPlaces();
  const commit = describeCommit(places.root);
  if (flags.write && flags.quick) throw new UsageFault("--write publishes the whole at full size");
  if (flags.write && !/^[0-9a-f]+$/.test(commit)) {
    throw new Error(`--write publishes a commit, and the working tree is not one: ${commit}`);
  }
  const amounts = amountsOf(flags);
  refuseUnlessPossible(amounts);
  const load = await compileLoad(places);
  const troupe = new Troupe();
  const forget = onInterrupt(() => troupe.stop());
  const kind = flags.apart ? "apart" : "workers";
  const measured = await troupe.during(() =>
    measureCrowd(amounts, kind, { places, load, troupe, say }),
  );
  forget();
  const date = new Date().toISOString().slice(0, 10);
  const machine = describeMachine(undefined);
  const result: CrowdResult = { format: 1, commit, date, machine, ...measured };
  process.stdout.write(`${crowdTable(result)}\n`);
  const text = `${JSON.stringify(result, undefined, 1)}\n`;
  if (flags.json !== undefined) writeFileSync(flags.json, text);
  const broken = brokenPromises(result);
  if (broken.length > 0) throw new Error(broken.join("; "));
  if (flags.write) publish(result, text, places.root);
}

function publish(result: CrowdResult, text: string, root: string): void {
  const page = join(root, PAGE);
  writeFileSync(join(root, RESULTS), text);
  writeFileSync(page, crowdPage(readFileSync(page, "utf8"), result));
}

/** One in a hundred falls silent: far fewer than would make a server doubt itself. */
function amountsOf({ quick, connections, workers }: Flags): CrowdAmounts {
  const amounts = quick ? QUICK : FULL;
  return {
    ...amounts,
    workers: workers ?? amounts.workers,
    ...(connections === undefined
      ? {}
      : { connections, frozen: Math.max(2, Math.floor(connections / 100)) }),
  };
}

function refuseUnlessPossible({ connections, workers }: CrowdAmounts): void {
  const perServer = Math.ceil((connections / workers) * 1.05);
  const missing = missingFrom(readLimits(), {
    connections,
    descriptorsPerProcess: Math.max(perServer, Math.min(connections, PER_PROCESS_MAX)) + 200,
    dialsAtOnce: DIALS_AT_ONCE,
    sourceAddresses: SOURCE_ADDRESSES,
  });
  if (missing.length > 0) throw new Error(`this machine grants too little; ${missing.join("; ")}`);
}
