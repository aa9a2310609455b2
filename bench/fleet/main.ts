/**
 * `npm run bench:fleet`: many links in one process, and the storm when their server comes back.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { onInterrupt, runMain, say, UsageFault, wholeNumber } from "../run/command-line.ts";
import { choosePinning } from "../run/cores.ts";
import { compileLoad } from "../run/load-program.ts";
import { describeCommit, describeMachine } from "../run/machine.ts";
import { findPlaces, type Places } from "../run/places.ts";
import { Troupe } from "../run/troupe.ts";
import { measureLinks } from "./many-links.ts";
import type { FleetResult, LinksResult, StormResult } from "./results.ts";
import { DEFAULT_POLICY, HASTY_POLICY, measureStorm, type StormStage } from "./storm.ts";
import { fleetPage, fleetTables } from "./table.ts";

interface Flags {
  readonly quick?: true;
  readonly links?: number;
  readonly storm?: number;
  readonly only?: "links" | "storm";
  readonly json?: string;
  readonly write?: true;
}

/** Below the 20,000 descriptors that many systems grant a process. */
const LINKS_MAX = 19_000;
const LINKS_PER_PROCESS = 5_000;
const RESULTS = "bench/fleet/results.json";
const PAGE = "docs/guides/many-connections.md";

const FULL = { links: 10_000, few: 500, idleMs: 15_000, storm: 15_000, awayMs: 1_000 };
const QUICK = { links: 1_000, few: 100, idleMs: 500, storm: 1_500, awayMs: 300 };

await runMain(async () => {
  const command = new Command("npm run bench:fleet --")
    .description("Many links in one process, and the storm when their server comes back.")
    .option("--quick", "a tenth of everything: a quarter of a minute")
    .option("--links <n>", "in one process", wholeNumber(1_000, LINKS_MAX))
    .option("--storm <n>", "links that lose their server", wholeNumber(100, LINKS_MAX))
    .option("--only <part>", "links or storm", chosenPart)
    .option("--json <file>", "write the results there, too")
    .option("--write", `publish: ${PAGE} and ${RESULTS}, from a clean tree`)
    .exitOverride();
  await command.parseAsync();
  await run(command.opts<Flags>());
});

function chosenPart(text: string): "links" | "storm" {
  if (text === "links" || text === "storm") return text;
  throw new UsageFault(`--only: expected links or storm, got "${text}"`);
}

async function run(flags: Flags): Promise<void> {
  const places = findPlaces();
  const commit = describeCommit(places.root);
  if (flags.write && (flags.quick || flags.only)) {
    throw new UsageFault("--write publishes the whole at full size");
  }
  if (flags.write && !/^[0-9a-f]+$/.test(commit)) {
    throw new Error(`--write publishes a commit, and the working tree is not one: ${commit}`);
  }
  const pinning = choosePinning();
  const load = await compileLoad(places);
  const troupe = new Troupe();
  const stage: StormStage = { places, pinning, load, troupe, say };
  const forget = onInterrupt(() => troupe.stop());
  const measured = await troupe.during(() => measure(flags, stage));
  forget();
  const result: FleetResult = {
    format: 1,
    commit,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(pinning),
    ...measured,
  };
  process.stdout.write(`${fleetTables(result)}\n`);
  keep(result, flags, places);
}

async function measure(
  flags: Flags,
  stage: StormStage,
): Promise<Pick<FleetResult, "links" | "storms">> {
  const amounts = flags.quick ? QUICK : FULL;
  const { few, idleMs, awayMs } = amounts;
  const links: LinksResult[] = [];
  const storms: StormResult[] = [];
  for (const dialect of flags.only === "storm" ? [] : (["line", "frame"] as const)) {
    const plan = { dialect, few, links: flags.links ?? amounts.links, idleMs };
    say(`${plan.links} links in one process, ${dialect}`);
    links.push(await measureLinks(plan, stage.places, stage.pinning, stage.troupe));
  }
  for (const policy of flags.only === "links" ? [] : [DEFAULT_POLICY, HASTY_POLICY]) {
    const count = flags.storm ?? amounts.storm;
    const processes = Math.max(2, Math.ceil(count / LINKS_PER_PROCESS));
    say(`a storm of ${count} links, ${policy.title}`);
    storms.push(await measureStorm({ policy, links: count, processes, awayMs }, stage));
  }
  return { links, storms };
}

function keep(result: FleetResult, { json, write }: Flags, { root }: Places): void {
  const text = `${JSON.stringify(result, undefined, 1)}\n`;
  if (json !== undefined) writeFileSync(json, text);
  if (!write) return;
  const page = join(root, PAGE);
  writeFileSync(join(root, RESULTS), text);
  writeFileSync(page, fleetPage(readFileSync(page, "utf8"), result));
}
