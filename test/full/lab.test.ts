/**
 * The fault lab, two runs of each case: Holdfast finds every fault within the documented bound and
 * ends nothing that lives. How it is timed and judged is in test/lab/.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { CASES } from "../lab/cases/case-list.ts";
import { missingFor } from "../lab/requirements.ts";
import type { LabResult } from "../lab/results.ts";
import { run, runWell } from "../support/commands.ts";
import { compile } from "../support/compiled.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, isLinux, isRoot, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = join(ROOT, ".tmp/lab/js/test/lab/main.js");
const RUNS = 2;
/** So many that two cores are not the reason for anything: each run is two waiting processes. */
const PARALLEL = 14;
const WATCH_S = 20;
const STAYS_S = 60;
const RUN_LIMIT_MS = 170_000;
const LEFT_LIMIT_MS = 120_000;
const POLL = { timeout: 60_000 };

const canRun = isLinux() && isRoot();
const LAB_NEEDS = "the lab needs Linux and root";
const POSSIBLE = CASES.filter((one) => missingFor(one).length === 0);
const onLinux = skipUnless(isLinux(), "the lab is for Linux");

beforeAll(() => compile("lab"));

let result: LabResult | undefined;

/** All cases side by side, once. */
function labResult(): LabResult {
  if (result !== undefined) return result;
  const json = join(tempFolder(), "lab.json");
  const amounts = ["--runs", RUNS, "--parallel", PARALLEL, "--watch", WATCH_S, "--stays", STAYS_S];
  const cases = ["--case", POSSIBLE.map(({ id }) => id).join(",")];
  const args = [MAIN, ...cases, ...amounts.map(String), "--json", json];
  const { said } = run(process.execPath, args, { timeoutMs: RUN_LIMIT_MS });
  if (!existsSync(json)) throw new Error(`the lab has no result:\n${said}`);
  console.log(said);
  result = JSON.parse(readFileSync(json, "utf8")) as LabResult;
  return result;
}

for (const labCase of CASES) {
  const { id, title } = labCase;
  const missing = missingFor(labCase);
  const why = missing.length === 0 ? LAB_NEEDS : `the case needs ${missing.join(", ")}`;
  skipUnless(canRun && missing.length === 0, why)(
    `${id}: ${title}: both ends of every Holdfast connection do as documented`,
    () => {
      const { cases, faults } = labResult();
      expect(faults.filter((fault) => fault.startsWith(`${id}:`))).toEqual([]);
      const found = cases.find((one) => one.id === id);
      expect(found?.runs).toBe(RUNS);
      // Two dialects of ours and two others, each with two ends.
      expect(found?.series.map(({ times }) => times.length)).toEqual(Array(8).fill(RUNS));
    },
    RUN_LIMIT_MS + 10_000,
  );
}

const hasTools = hasTool("ip") && hasTool("nft");
const withTools = skipUnless(canRun && hasTools, `${LAB_NEEDS}, \`ip\` and \`nft\``);

withTools(
  "SIGINT in the middle leaves no namespace and no process behind",
  async (context) => {
    const args = [MAIN, "--runs", "1", "--case", "host-gone,frozen-client"];
    const lab = new Processes(context).start(process.execPath, args);
    // Two networks of three namespaces, and two programs in each.
    await expect.poll(() => programsOf(lab).length, POLL).toBe(4);
    expect(namespacesOf(lab)).toHaveLength(6);
    const running = programsOf(lab);
    lab.signal("SIGINT");
    expect(await lab.exit).toEqual({ code: 130, signal: null });
    expect(namespacesOf(lab)).toEqual([]);
    expect(running.filter(isRunning)).toEqual([]);
  },
  LEFT_LIMIT_MS,
);

withTools(
  "what a killed lab left frozen in its namespaces is removed by the next",
  async (context) => {
    const args = [MAIN, "--runs", "1", "--case", "frozen-server"];
    const lab = new Processes(context).start(process.execPath, args);
    await expect.poll(() => programsOf(lab).filter(isStopped).length, POLL).toBe(1);
    const frozen = programsOf(lab).filter(isStopped);
    lab.signal("SIGKILL");
    await lab.exit;
    expect(frozen.filter(isRunning)).toEqual(frozen);
    runWell(process.execPath, [MAIN, "--runs", "1", "--case", "rst-injected", "--watch", "15"]);
    expect(namespacesOf(lab)).toEqual([]);
    expect(frozen.filter(isRunning)).toEqual([]);
  },
  LEFT_LIMIT_MS,
);

function namespacesOf(lab: Program): string[] {
  const names = runWell("ip", ["netns", "list"]).split("\n");
  const mine = names.filter((line) => line.startsWith(`holdfast-${lab.pid}-`));
  return mine.map((line) => line.split(" ")[0] ?? "");
}

/** The servers and clients in its namespaces; not `ip`, which looks in for a moment. */
function programsOf(lab: Program): string[] {
  // A namespace may be gone before it is asked.
  const said = namespacesOf(lab).map((name) => run("ip", ["netns", "pids", name]).said);
  const pids = said.flatMap((text) => text.split("\n")).filter((line) => /^\d+$/.test(line));
  return pids.filter((pid) => textOf(`/proc/${pid}/cmdline`).includes("-program.js"));
}

function isStopped(pid: string): boolean {
  return /^State:\tT/m.test(textOf(`/proc/${pid}/status`));
}

/** An orphan that has ended may wait to be collected. */
function isRunning(pid: string): boolean {
  return /^State:\t[^ZX]/m.test(textOf(`/proc/${pid}/status`));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Its process ended.
  }
}

onLinux("wrong use ends with 2 and names what was expected", () => {
  for (const [args, words] of [
    [["--case", "earthquake"], /expected some of partition-idle, .*; got "earthquake"/],
    [["--runs", "0"], /whole number from 1 to 1000/],
    [["--write", "--case", "host-gone"], /--write publishes all cases/],
    [["--write"], /at least --runs 20 --stays 600/],
  ] as const) {
    const { code, said } = run(process.execPath, [MAIN, ...args]);
    expect(said).toMatch(words);
    expect(code).toBe(2);
  }
});

onLinux("a missing tool is named", () => {
  const { code, said } = run(process.execPath, [MAIN], { env: { PATH: tempFolder() } });
  expect(said).toMatch(
    isRoot() ? /needs, and did not find: ip, nft, python3/ : /the lab needs root/,
  );
  expect(code).toBe(1);
});
