/**
 * The fleet and the crowd, small: their commands run whole, and what they promise holds. How fast
 * a machine is, is not asserted.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import type { CrowdResult } from "../../bench/crowd/results.ts";
import type { FleetResult } from "../../bench/fleet/results.ts";
import { ROOT } from "../../scripts/house.ts";
import { run, runWell } from "../support/commands.ts";
import { compile } from "../support/compiled.ts";
import { Processes } from "../support/processes.ts";
import { hasTool, isLinux, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";

const COMPILED = join(ROOT, ".tmp/bench/js/bench");
const FLEET = join(COMPILED, "fleet/main.js");
const CROWD = join(COMPILED, "crowd/main.js");

const canRun = isLinux() && (hasTool("cc") || hasTool("gcc") || hasTool("clang"));
const onLinux = skipUnless(canRun, "the bench needs Linux and a C compiler");

beforeAll(() => compile("bench"));

onLinux("of a crowd exactly those are ended that fell silent, each within its bound", () => {
  const json = join(tempFolder({}), "crowd.json");
  // Ends with 1, and says so, when a promise was broken.
  const said = runWell(process.execPath, [CROWD, "--quick", "--json", json], {
    timeoutMs: 60_000,
  });
  const result = JSON.parse(readFileSync(json, "utf8")) as CrowdResult;
  expect(result.endsByCode).toEqual({ PEER_SILENT: 50 });
  expect([result.stoppedEnded, result.mutedEnded, result.othersOpen]).toEqual([25, 25, 4_950]);
  expect(said).toContain("5,000, 2 workers on one port");
});

onLinux("a fleet holds a handful of timers, and is back after its server was killed", () => {
  const json = join(tempFolder({}), "fleet.json");
  const few = ["--quick", "--links", "1000", "--storm", "600"];
  const said = runWell(process.execPath, [FLEET, ...few, "--json", json], { timeoutMs: 90_000 });
  const { links, storms } = JSON.parse(readFileSync(json, "utf8")) as FleetResult;
  expect(links.map(({ dialect }) => dialect)).toEqual(["line", "frame"]);
  for (const { timers } of links) {
    expect(timers.online).toBeLessThanOrEqual(3);
    expect(timers.waiting).toBeLessThanOrEqual(3);
  }
  for (const { linksByDials } of storms) {
    expect(linksByDials.reduce((sum, count) => sum + count, 0)).toBe(600);
  }
  expect(said).toContain("the default");
});

onLinux("wrong use ends with 2 and names what was expected", () => {
  for (const [args, words] of [
    [[FLEET, "--only", "apache"], /expected links or storm, got "apache"/],
    [[FLEET, "--links", "5"], /whole number from 1000 to 19000/],
    [[CROWD, "--quick", "--write"], /--write publishes the whole at full size/],
  ] as const) {
    const { code, said } = run(process.execPath, args);
    expect(said).toMatch(words);
    expect(code).toBe(2);
  }
});

onLinux("a crowd that is too large for the machine is refused before anything runs", () => {
  const args = [CROWD, "--apart", "--connections", "1000000", "--workers", "1"];
  const { code, said } = run(process.execPath, args);
  expect(said).toMatch(/grants too little; descriptors per process: \d+ are needed/);
  expect(code).toBe(1);
});

onLinux("a signal in the middle leaves nobody behind", async (context) => {
  const program = new Processes(context).start(process.execPath, [CROWD, "--quick", "--apart"]);
  // Two servers and three load generators; it says something when all are open.
  const children = await program.until("its children", () => {
    const pids = childrenOf(program.pid);
    return pids.length < 5 ? undefined : pids;
  });
  program.signal("SIGTERM");
  expect(await program.exit).toEqual({ code: 130, signal: null });
  for (const pid of children) expect(existsSync(`/proc/${pid}`)).toBe(false);
});

function childrenOf(pid: number | undefined): string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ");
}
