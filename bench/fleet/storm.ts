/**
 * A storm: thousands of links lose their server at the same moment, and it comes back.
 *
 * The ideal is what the server itself could accept, as fast as a load generator written in C dials;
 * whatever the links take beyond it is what spreading them costs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { LineProcess, Told } from "../run/line-process.ts";
import { LoadGenerator } from "../run/load-generator.ts";
import type { Pinning } from "../run/cores.ts";
import type { Places } from "../run/places.ts";
import type { Troupe } from "../run/troupe.ts";
import { fullestWindow, histogram } from "./arrivals.ts";
import type { LinkSettings } from "./link-program.ts";
import { linkProgram, stormServer } from "./programs.ts";
import type { StormResult } from "./results.ts";

export interface StormPolicy {
  readonly title: string;
  /** Told to the links by the server. */
  readonly reconnectWindowMs: number;
  readonly redial: LinkSettings["options"]["redial"];
}

/** What users have who set nothing. */
export const DEFAULT_POLICY: StormPolicy = {
  title: "the default",
  reconnectWindowMs: 5_000,
  redial: {},
};

/** As near to "at once, and again every 100 ms" as options allow: waits of 50 to 100 ms. */
export const HASTY_POLICY: StormPolicy = {
  title: "no spread: 0.1 s",
  reconnectWindowMs: 0,
  redial: { attemptsMax: false, baseMs: 100, capMs: 100, factor: 1 },
};

export interface StormPlan {
  readonly policy: StormPolicy;
  readonly links: number;
  readonly processes: number;
  /** How long the server is away, besides what it takes to start. */
  readonly awayMs: number;
}

export interface StormStage {
  readonly places: Places;
  readonly pinning: Pinning | undefined;
  /** The compiled load generator. */
  readonly load: string;
  readonly troupe: Troupe;
  readonly say: (text: string) => void;
}

const READY_WITHIN_MS = 30_000;
const ONLINE_WITHIN_MS = 120_000;
const BACK_WITHIN_MS = 150_000;

export async function measureStorm(plan: StormPlan, stage: StormStage): Promise<StormResult> {
  const { policy, links, processes } = plan;
  const { troupe, say } = stage;
  const first = await startServer(stage, policy, 0);
  const acceptsPerSecond = await acceptRate(stage, first, links);
  say(`  it accepts ${Math.round(acceptsPerSecond)} per second; ${links} links dial`);
  const programs = await startLinks(stage, plan, first.port);
  for (const program of programs) await program.order("forget", READY_WITHIN_MS);
  const killedAtMs = performance.timeOrigin + performance.now();
  first.process.kill();
  await troupe.dismiss(first.process);
  await delay(plan.awayMs);
  const second = await startServer(stage, policy, first.port);
  say("  it was killed, and is there again");
  const told = await Promise.all(
    programs.map((program) => program.order("returned", BACK_WITHIN_MS)),
  );
  const arrivals = await second.process.order("arrivals", READY_WITHIN_MS);
  await Promise.all([...programs, second.process].map((each) => troupe.dismiss(each)));
  const [counts, binMs] = [arrivals["counts"] as number[], Number(arrivals["binMs"])];
  return {
    policy: policy.title,
    links,
    processes,
    downMs: second.readyAtMs - killedAtMs,
    acceptsPerSecond,
    backMs: lastOnlineAtMs(told) - second.readyAtMs,
    arrivalsPerSecondMax: fullestWindow(counts, binMs, 1_000),
    arrivalsPerTenthMax: fullestWindow(counts, binMs, 100),
    linksByDials: histogram(told.flatMap(({ dials }) => dials as number[])),
  };
}

interface StormServer {
  readonly process: LineProcess;
  readonly port: number;
  readonly readyAtMs: number;
}

async function startServer(
  { places, pinning, troupe }: StormStage,
  { reconnectWindowMs }: StormPolicy,
  port: number,
): Promise<StormServer> {
  const command = stormServer(places, { dist: places.dist, port, reconnectWindowMs });
  const process = troupe.start("server", command, pinning?.server);
  const ready = await process.next("ready", READY_WITHIN_MS);
  return { process, port: Number(ready["port"]), readyAtMs: Number(ready["readyAtMs"]) };
}

async function acceptRate(
  { load: file, pinning, troupe }: StormStage,
  { process, port }: StormServer,
  count: number,
): Promise<number> {
  const generator = troupe.add(
    new LoadGenerator({
      file,
      core: pinning?.load,
      serverCore: pinning?.server,
      handshakesMax: undefined,
      protocol: "frame",
      port,
      serverPid: process.pid,
    }),
  );
  const { perSecond } = await generator.open(count);
  await generator.closeTo(0);
  await troupe.dismiss(generator);
  return perSecond;
}

async function startLinks(
  { places, pinning, troupe }: StormStage,
  { policy, links, processes }: StormPlan,
  port: number,
): Promise<LineProcess[]> {
  const settings = {
    url: `tcp://127.0.0.1:${port}`,
    options: { redial: policy.redial },
    countsDials: true,
  };
  const programs = Array.from({ length: processes }, () =>
    troupe.start("links", linkProgram(places, settings), pinning?.load),
  );
  await Promise.all(programs.map((program) => program.next("ready", READY_WITHIN_MS)));
  await Promise.all(
    programs.map((program, index) =>
      program.order(`dial ${shareOf(links, processes, index)}`, ONLINE_WITHIN_MS),
    ),
  );
  return programs;
}

/** Parts that differ by one at the most. */
function shareOf(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}

function lastOnlineAtMs(told: readonly Told[]): number {
  return Math.max(...told.map((one) => Number(one["lastOnlineAtMs"])));
}
