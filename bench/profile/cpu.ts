/**
 * CPU profile of the beat: where a server spends its time while clients beat as fast as it answers.
 *
 * V8 attributes time to JavaScript functions. A system call is made by a function of Node in C++,
 * which shows by its name (`writeBuffer`); where ours calls that one itself, it counts for ours.
 * Easy to misread: what libuv does between two callbacks, reading sockets above all, V8 calls
 * `(idle)`, as it does real sleep. So the CPU time that the kernel counted is the whole, and what
 * V8 did not see of it is a row of its own. That row has the thread of the profiler in it, too: how
 * much a beat costs without one, allocation.ts tells.
 *
 * The profiler is a thread that wakes and interrupts the server. Where clients and server keep all
 * cores busy it often gets its turn when a system call of the server gives way, so `writeBuffer`
 * is shown too large, and what is ours too small. Give it a third core; bench/micro tells what our
 * own steps cost.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { beat, open, startClients, startServer } from "./child.ts";
import { type CpuLine, cpuLines, type CpuProfile, type CpuSite, cpuSites } from "./cpu-sites.ts";
import { Flags } from "./flags.ts";
import type { BeatReading, WatchReading } from "./orders.ts";
import { requireBuilt } from "./repository.ts";
import { fixed, textTable } from "../report/text-table.ts";

const HELP = `Where a server that answers beats spends its time.

  --seconds N       how long (default 5; 1 to 60)
  --connections N   default 500
  --engine NAME     auto (default), public, shared or lean
  --dialect NAME    line (default) or frame
  --json FILE       writes what is printed, with every function
  --help            prints this
`;

const WARM_UP_BEATS = 200_000;
const INTERVAL_US = 100;
const SITES_SHOWN = 30;
const LINES_SHOWN = 20;
const IDLE = "(idle)";
/** The server and its clients. */
const CORES_BUSY = 2;
const CROWDED = "\nThis machine has no core left for the profiler: system calls show too large.\n";

interface CpuReport {
  readonly engine: string;
  readonly dialect: string;
  readonly node: string;
  readonly beats: number;
  readonly wallMs: number;
  /** What the kernel counted, and what V8 attributed to anything but `(idle)`. */
  readonly cpuMs: number;
  readonly seenMs: number;
  readonly sites: readonly CpuSite[];
  readonly lines: readonly CpuLine[];
}

const GROUPS: readonly (readonly [string, (site: CpuSite) => boolean])[] = [
  ["ours", ({ origin }) => origin === "ours"],
  ["Node's JavaScript, and C++ and system calls by it", ({ origin }) => origin === "node"],
  ["V8's garbage collector", ({ name }) => name === "(garbage collector)"],
  ["other C++ that V8 sees: (program)", ({ name }) => name === "(program)"],
];

const flags = new Flags(HELP, ["seconds", "connections", "engine", "dialect", "json"]);
const engine = flags.engine();
const dialect = flags.dialect();
const seconds = flags.integer("seconds", { default: 5, min: 1, max: 60 });
const connections = flags.integer("connections", { default: 500, min: 1, max: 15_000 });
requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "holdfast-cpu-"));
try {
  const profile = await measure(join(folder, "cpu.json"));
  process.stdout.write(report(profile));
  const json = flags.text("json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(profile, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(file: string): Promise<CpuReport> {
  const { server, port } = await startServer({ engine, pingIntervalMsMin: false });
  using _server = server;
  using clients = await startClients({ port, dialect });
  await open(clients, connections);
  await beat(clients, WARM_UP_BEATS);
  await server.ask({ do: "start-cpu", intervalUs: INTERVAL_US });
  await server.ask({ do: "start-watch" });
  const { answers, wallMs } = await clients.ask<BeatReading>({
    do: "beat-for",
    durationMs: seconds * 1_000,
  });
  const { cpuUs } = await server.ask<WatchReading>({ do: "stop-watch" });
  await server.ask({ do: "stop-cpu", file });
  const profile = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const all = cpuSites(profile);
  const sites = all.filter(({ name }) => name !== IDLE);
  const { version: node } = process;
  return {
    engine,
    dialect,
    node,
    beats: answers,
    wallMs,
    cpuMs: cpuUs / 1_000,
    seenMs: sum(sites),
    sites,
    lines: cpuLines(profile),
  };
}

function sum(sites: readonly CpuSite[]): number {
  return sites.reduce((ms, site) => ms + site.ms, 0);
}

function report(profile: CpuReport): string {
  const { sites, cpuMs, seenMs, wallMs, beats, lines } = profile;
  const shareOf = (ms: number): string => fixed((100 * ms) / cpuMs, 1);
  const perBeat = (ms: number): string => fixed((1_000 * ms) / beats, 3);
  const unseen = { name: "not seen by V8: reading, polling, other threads", ms: cpuMs - seenMs };
  const groups = [...groupsOf(sites), unseen, { name: "sum", ms: cpuMs }];
  const samples = lines.reduce((count, line) => count + line.samples, 0);
  return [
    `CPU per beat: ${profile.dialect}, engine ${profile.engine}, ${profile.node}\n\n`,
    `${beats} beats in ${fixed(wallMs, 0)} ms, with ${fixed(cpuMs, 0)} ms of CPU time: `,
    `${fixed((1_000 * cpuMs) / beats, 2)} us per beat\n\n`,
    textTable(groups, [
      { title: "whose", of: ({ name }) => name, left: true },
      { title: "% of CPU time", of: ({ ms }) => shareOf(ms) },
      { title: "us per beat", of: ({ ms }) => perBeat(ms) },
    ]),
    cpus().length > CORES_BUSY ? "" : CROWDED,
    `\nOwn time of functions (the first ${SITES_SHOWN}):\n\n`,
    textTable(sites.slice(0, SITES_SHOWN), [
      { title: "function", of: ({ name }) => name, left: true },
      { title: "where", of: ({ where }) => where, left: true },
      { title: "%", of: ({ ms }) => shareOf(ms) },
      { title: "us per beat", of: ({ ms }) => perBeat(ms) },
    ]),
    `\nOur lines on which samples fell (the first ${LINES_SHOWN}):\n\n`,
    textTable(lines.slice(0, LINES_SHOWN), [
      { title: "line", of: ({ where }) => where, left: true },
      {
        title: "% of our samples",
        of: (line) => fixed((100 * line.samples) / samples, 1),
      },
    ]),
  ].join("");
}

function groupsOf(sites: readonly CpuSite[]): { name: string; ms: number }[] {
  const grouped = GROUPS.map(([name, has]) => ({ name, ms: sum(sites.filter(has)) }));
  const other = sites.filter((site) => !GROUPS.some(([, has]) => has(site)));
  return [...grouped, { name: "other", ms: sum(other) }];
}
