/**
 * `holdfast probe` through a router that forgets flows after a time that is known: it finds that
 * time, how the router kills, and that the kernel's keepalive keeps a flow.
 */
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, onTestFinished } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import type { ProbeReport } from "../../src/ops/probe/report.ts";
import { runWell, tool } from "../support/commands.ts";
import { Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { newTempFolder } from "../support/temp-folder.ts";
import { canHaveLab, LAB_NEEDS, type Lab, withLab } from "../lab/lab.ts";
import type { Host } from "../lab/network.ts";
import { Programs } from "./peers/programs.ts";

const FORGET_S = 20;
/** conntrack counts in whole seconds, and looks at an old flow when its next packet comes. */
const CONNTRACK_MS = 1_000;
const TOLERANCE_MS = 2_000;
const MAX = "40s";
const PROBE_LIMIT_MS = 80_000;
const TEST_LIMIT_MS = 100_000;

const behindNat = skipUnless(canHaveLab && hasTool("nft"), `${LAB_NEEDS}, and \`nft\``);

const programs = new Programs(false);
let built: string | undefined;
afterAll(() => {
  programs.remove();
  if (built !== undefined) rmSync(built, { recursive: true, force: true });
});

/** The present sources, compiled once. */
function command(): string {
  if (built === undefined) {
    built = newTempFolder({ "package.json": '{ "type": "module", "version": "0.0.0" }\n' });
    symlinkSync(join(ROOT, "node_modules"), join(built, "node_modules"));
    const project = join(ROOT, "tsconfig.build.json");
    runWell(tool("tsc"), ["-p", project, "--outDir", join(built, "dist")]);
  }
  return join(built, "dist/cli/main.js");
}

function holdfast(host: Host, ...args: readonly string[]): Program {
  const inside = ["netns", "exec", host.namespace, process.execPath, command(), ...args];
  const program = new Program("ip", inside);
  onTestFinished(() => program.signal("SIGKILL"));
  return program;
}

async function probeThrough(lab: Lab): Promise<ProbeReport> {
  const url = `tcp://${lab.far.address}:8080`;
  const flags = ["--lease-max", "5m", "--keepalive", "off", "--json"];
  const server = holdfast(lab.far, "serve", "--listen", url, ...flags);
  await server.until("the server listens", () => server.told("listening")[0]);
  const probe = holdfast(lab.near, "probe", url, "--max", MAX, "--json");
  const reported = (): unknown => probe.told("report")[0];
  const report = (await probe.until("the report", reported, PROBE_LIMIT_MS)) as ProbeReport;
  expect(await probe.exit).toEqual({ code: 0, signal: null });
  server.signal("SIGTERM");
  await server.exit;
  const { bracket, death, keepalive, tookMs } = report;
  console.log(JSON.stringify({ bracket, death, keepalive: keepalive.verdict, tookMs }));
  return report;
}

function expectFound({ bracket, keepalive, advice, tookMs }: ProbeReport): void {
  const { survivedMs = 0, diedMs = 0 } = bracket;
  expect(bracket).toMatchObject({ confidence: "certain", contradictions: [] });
  expect(survivedMs).toBeGreaterThan(FORGET_S * 1_000 - TOLERANCE_MS);
  expect(survivedMs).toBeLessThanOrEqual(FORGET_S * 1_000 + CONNTRACK_MS);
  expect(diedMs).toBeGreaterThanOrEqual(FORGET_S * 1_000);
  expect(diedMs).toBeLessThanOrEqual(FORGET_S * 1_000 + TOLERANCE_MS + CONNTRACK_MS);
  expect(keepalive).toMatchObject({ verdict: "keeps open", survivedCount: 3, diedCount: 0 });
  expect(keepalive.idleMs).toBeGreaterThan(diedMs);
  expect(advice?.intervalMs).toBeLessThanOrEqual(survivedMs - 3_000);
  expect(advice?.intervalMs).toBeGreaterThanOrEqual(FORGET_S * 1_000 - TOLERANCE_MS - 4_000);
  // The search costs one maximum and the time to be sure of the end, not the sum.
  expect(tookMs).toBeLessThan(60_000);
}

behindNat(
  "a NAT that forgets after 20 s and drops: found, as a silent death",
  async () => {
    await withLab(programs, async (lab) => {
      lab.translateAddresses(FORGET_S);
      const report = await probeThrough(lab);
      expectFound(report);
      expect(report.death).toMatchObject({ how: "silent", otherCount: 0 });
      expect(report.death?.afterMsMax).toBeGreaterThanOrEqual(15_000);
    });
  },
  TEST_LIMIT_MS,
);

behindNat(
  "a router that answers what it forgot with a reset: found, as a reset on the ping",
  async () => {
    await withLab(programs, async (lab) => {
      lab.translateAddresses(FORGET_S);
      const router = lab.near.namespace.replace(/near$/, "router");
      const reject = "add rule ip lab through ct state invalid reject with tcp reset";
      for (const rule of ["flush chain ip lab through", reject]) {
        runWell("ip", ["netns", "exec", router, "nft", rule]);
      }
      const report = await probeThrough(lab);
      expectFound(report);
      expect(report.death).toMatchObject({ how: "reset", otherCount: 0 });
      expect(report.death?.afterMsMax).toBeLessThan(1_000);
    });
  },
  TEST_LIMIT_MS,
);
