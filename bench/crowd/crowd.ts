/**
 * A crowd of connections that beat, of which some fall silent, and who is ended for that.
 *
 * They fall silent in two ways: a process that is stopped by the kernel (SIGSTOP), as one that
 * hangs, and one that lives on and just beats no more. The connections of a kind have a process of
 * their own, so that the answers of the load generators say whose connections were ended, and the
 * servers' own records need not be believed.
 */
import { setTimeout as delay } from "node:timers/promises";
import { LoadGenerator } from "../run/load-generator.ts";
import type { Places } from "../run/places.ts";
import type { Troupe } from "../run/troupe.ts";
import { Ends } from "./ends.ts";
import type { CrowdAmounts, CrowdResult } from "./results.ts";
import { Servers } from "./servers.ts";

export interface CrowdStage {
  readonly places: Places;
  /** The compiled load generator. */
  readonly load: string;
  readonly troupe: Troupe;
  readonly say: (text: string) => void;
}

type Measured = Omit<CrowdResult, "format" | "commit" | "date" | "machine">;

/** With its listener and epoll below the 20,000 descriptors that many systems grant. */
export const PER_PROCESS_MAX = 18_000;
/** After the bound of the last one: what the machine may be late, and told lines be under way. */
const SLACK_MS = 2_000;
/** What was freed by the arrival of all goes back to the kernel a little later. */
const REST_MS = 1_000;

export async function measureCrowd(
  amounts: CrowdAmounts,
  kind: CrowdResult["servers"],
  stage: CrowdStage,
): Promise<Measured> {
  const { say } = stage;
  const { timeoutMs, settleMs } = amounts;
  const ends = new Ends(timeoutMs);
  const servers = await Servers.start(kind, amounts, stage.places, ends, stage.troupe);
  const residentBytesBefore = servers.residentBytes();
  const loads = startLoads(amounts, stage, servers);
  const openSeconds = await openAll(loads, amounts);
  say(`${amounts.connections} open after ${openSeconds.toFixed(1)} s`);
  refuseIfSlow(openSeconds, amounts);
  const answers = beatAll(loads, amounts);
  // They are awaited further down; what fails before that is told, and these fail with it.
  answers.catch(() => {});
  await Promise.race([delay(REST_MS), answers]); // Only a fault ends them sooner.
  const residentBytes = servers.residentBytes();
  const [cpuBefore, windowAt] = [servers.cpuSeconds(), performance.now()];
  await Promise.race([delay(settleMs - REST_MS), answers]);
  const cpuSeconds = servers.cpuSeconds() - cpuBefore;
  const cpuWindowSeconds = (performance.now() - windowAt) / 1_000;
  process.kill(loads.stopped.pid, "SIGSTOP");
  say(`${amounts.frozen} fall silent; a peer may be silent for ${timeoutMs / 1_000} s`);
  const { others, muted } = await answers;
  process.kill(loads.stopped.pid, "SIGCONT");
  await loads.kept;
  const stopped = await loads.stopped.stats();
  const result: Measured = {
    amounts,
    servers: kind,
    openSeconds,
    residentBytesBefore,
    residentBytes,
    cpuSeconds,
    cpuWindowSeconds,
    beatsPerSecond: amounts.connections / (amounts.everyMs / 1_000),
    endsByCode: ends.byCode,
    silent: ends.silent,
    stoppedEnded: stopped.closedByServer,
    mutedEnded: muted.count,
    mutedLatestMs: (muted.maxUs ?? 0) / 1_000,
    othersOpen: sum(others.map(({ open }) => open)),
    othersEnded: sum(others.map(({ closedByServer }) => closedByServer)),
    notices: ends.notices,
  };
  await Promise.all(all(loads).map((load) => stage.troupe.dismiss(load)));
  await servers.end();
  return result;
}

interface Loads {
  readonly others: readonly LoadGenerator[];
  readonly stopped: LoadGenerator;
  readonly muted: LoadGenerator;
  /** When the stopped one has answered what it was ordered before it was stopped. */
  kept: Promise<unknown>;
}

function all({ others, stopped, muted }: Loads): LoadGenerator[] {
  return [...others, stopped, muted];
}

function startLoads(
  { connections, frozen }: CrowdAmounts,
  stage: CrowdStage,
  servers: Servers,
): Loads {
  const count = Math.ceil((connections - frozen) / PER_PROCESS_MAX);
  const start = (index: number): LoadGenerator =>
    stage.troupe.add(
      new LoadGenerator({
        file: stage.load,
        core: undefined,
        serverCore: undefined,
        handshakesMax: undefined,
        protocol: "line",
        port: servers.portFor(index),
        serverPid: undefined,
      }),
    );
  const others = Array.from({ length: count }, (_, index) => start(index));
  return { others, stopped: start(count), muted: start(count + 1), kept: Promise.resolve() };
}

async function openAll(loads: Loads, { connections, frozen }: CrowdAmounts): Promise<number> {
  const { others, stopped, muted } = loads;
  const startedAt = performance.now();
  await Promise.all(
    others.map((load, index) => load.open(partOf(connections - frozen, others.length, index))),
  );
  // Each has to beat soon after it was opened, so those that are few come last.
  await Promise.all([stopped.open(partOf(frozen, 2, 0)), muted.open(partOf(frozen, 2, 1))]);
  return (performance.now() - startedAt) / 1_000;
}

/** The first to come beats again when the last has come, and must not be dead by then. */
function refuseIfSlow(openSeconds: number, { timeoutMs, everyMs }: CrowdAmounts): void {
  const longestMs = Math.max(openSeconds * 1_000, everyMs);
  if (longestMs < 0.9 * timeoutMs) return;
  throw new Error(
    `it took ${openSeconds.toFixed(1)} s until all were open, and a peer may be silent for ` +
      `${timeoutMs / 1_000} s only: this machine is too slow for so many`,
  );
}

/** All beat; those of `muted` stop after the first while. Resolves when all is over. */
async function beatAll(
  loads: Loads,
  { everyMs, timeoutMs, settleMs }: CrowdAmounts,
): Promise<{ readonly others: readonly Answer[]; readonly muted: Answer }> {
  const watchMs = timeoutMs + SLACK_MS;
  const seconds = (settleMs + watchMs) / 1_000;
  loads.kept = loads.stopped.keep(everyMs, seconds);
  loads.kept.catch(() => {}); // For the same reason.
  const mute = async (): Promise<Answer> => {
    await loads.muted.keep(everyMs, settleMs / 1_000);
    return await loads.muted.fallSilent(watchMs / 1_000);
  };
  const [muted, ...others] = await Promise.all([
    mute(),
    ...loads.others.map((load) => load.keep(everyMs, seconds)),
  ]);
  return { others, muted };
}

type Answer = Awaited<ReturnType<LoadGenerator["stats"]>>;

/** Parts that differ by one at the most. */
function partOf(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
