/**
 * Allocation profile of the beat: how many bytes a server allocates to hear a ping and answer it,
 * and where.
 *
 * V8 samples allocations while the server runs optimised as it always does, so what the optimiser
 * removes does not show. A site is a function; the protocol has no lines for allocations. What the
 * optimiser inlines is counted for the function it is inlined into: with `--inlining off` each
 * function stands for itself, though some that was removed before is then allocated. The sums are
 * to be taken from the run with inlining. What Node's clock allocates is weighed by itself, and of
 * lines counted for Node where it is inlined. GC and CPU come from a second round without sampling.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AllocationNode,
  type AllocationSite,
  allocationSites,
  clockApart,
} from "./allocation-sites.ts";
import { beat, open, startClients, startServer } from "./child.ts";
import { Flags } from "./flags.ts";
import type { WatchReading } from "./orders.ts";
import { requireBuilt } from "./repository.ts";
import { fixed, textTable } from "../report/text-table.ts";

const HELP = `Bytes allocated per beat, by function.

  --beats N         answered while sampling (default 200000; 1000 to 10000000)
  --connections N   default 500
  --engine NAME     auto (default), public, shared or lean
  --dialect NAME    line (default) or frame
  --interval BYTES  how far apart samples are on average (default 128)
  --inlining off    names inlined functions, see below; default on
  --json FILE       writes what is printed, with every site
  --help            prints this

A site is a function. With inlining, what is allocated in an inlined function is counted for the
function that it was inlined into. The sums are true with inlining only.
`;

const OTHERS_SHOWN = 10;
const PER_BEATS = 100_000;

interface AllocationProfile {
  readonly engine: string;
  readonly dialect: string;
  readonly inlining: string;
  readonly beats: number;
  readonly intervalBytes: number;
  readonly node: string;
  readonly bytesPerBeat: number;
  readonly sites: readonly AllocationSite[];
  /** Of a round of as many beats that was not sampled. */
  readonly unsampled: WatchReading;
}

const flags = new Flags(HELP, [
  "beats",
  "connections",
  "engine",
  "dialect",
  "interval",
  "inlining",
  "json",
]);
const engine = flags.engine();
const dialect = flags.dialect();
const inlining = flags.oneOf("inlining", ["on", "off"], "on");
const beats = flags.integer("beats", { default: 200_000, min: 1_000, max: 10_000_000 });
const connections = flags.integer("connections", { default: 500, min: 1, max: 15_000 });
const intervalBytes = flags.integer("interval", { default: 128, min: 16, max: 1_048_576 });
requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "holdfast-allocation-"));
try {
  const profile = await measure(join(folder, "allocation.json"));
  process.stdout.write(report(profile));
  const json = flags.text("json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(profile, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(file: string): Promise<AllocationProfile> {
  const { server, port } = await startServer(
    { engine, pingIntervalMsMin: false },
    inlining === "on" ? [] : ["--no-turbo-inlining"],
  );
  using _server = server;
  using clients = await startClients({ port, dialect });
  await open(clients, connections);
  await beat(clients, beats); // Until everything is optimised.
  await server.ask({ do: "start-watch" });
  await beat(clients, beats);
  const unsampled = await server.ask<WatchReading>({ do: "stop-watch" });
  await server.ask({ do: "start-allocation", intervalBytes });
  await beat(clients, beats);
  await server.ask({ do: "stop-allocation", file });
  const root = JSON.parse(readFileSync(file, "utf8")) as AllocationNode;
  const found = allocationSites(root, beats);
  // Only where the clock is inlined, and nothing else on the way of a beat is as large.
  const isInlined = inlining === "on" && dialect === "line";
  const clockBytes = await server.ask<number>({ do: "weigh-clock", intervalBytes });
  const sites = isInlined ? clockApart(found, clockBytes) : found;
  const { version: node } = process;
  const bytesPerBeat = sum(sites);
  return {
    engine,
    dialect,
    inlining,
    beats,
    intervalBytes,
    node,
    bytesPerBeat,
    sites,
    unsampled,
  };
}

function sum(sites: readonly AllocationSite[]): number {
  return sites.reduce((bytes, site) => bytes + site.bytesPerBeat, 0);
}

function report(profile: AllocationProfile): string {
  const { sites } = profile;
  const own = sites.filter(({ origin }) => origin === "ours");
  const others = sites.filter(({ origin }) => origin !== "ours");
  const rest = others.slice(OTHERS_SHOWN);
  const restRow: AllocationSite = {
    name: `(${rest.length} more)`,
    where: "",
    origin: "native",
    bytesPerBeat: sum(rest),
  };
  return [
    `Allocation per beat: ${profile.beats} beats, ${profile.dialect}, engine ${profile.engine}, `,
    `inlining ${profile.inlining}, ${profile.node}\n\n`,
    `${fixed(profile.bytesPerBeat, 1)} bytes per beat: ${fixed(sum(own), 1)} in our files, `,
    `${fixed(sum(others), 1)} in Node and V8\n`,
    garbageLine(profile),
    "\nOur files (each site is a function):\n\n",
    siteTable(own),
    "\nNode and V8:\n\n",
    siteTable([...others.slice(0, OTHERS_SHOWN), restRow]),
  ].join("");
}

function garbageLine({ unsampled, beats: count }: AllocationProfile): string {
  const per = PER_BEATS / count;
  const { minor, major, other } = unsampled.gcCount;
  return (
    `per ${PER_BEATS} beats, not sampled: ${fixed(minor * per, 1)} minor, ` +
    `${fixed(major * per, 1)} major and ${fixed(other * per, 1)} other collections, ` +
    `${fixed(unsampled.gcMs * per, 1)} ms in them; ` +
    `${fixed(unsampled.cpuUs / count, 2)} us of CPU per beat\n`
  );
}

function siteTable(sites: readonly AllocationSite[]): string {
  return textTable(sites, [
    { title: "function", of: ({ name }) => name, left: true },
    { title: "where", of: ({ where }) => where, left: true },
    { title: "bytes per beat", of: ({ bytesPerBeat }) => fixed(bytesPerBeat, 2) },
  ]);
}
