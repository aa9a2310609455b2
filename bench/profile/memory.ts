/**
 * Memory profile: what one idle connection that has beaten costs a server, by kind of object.
 *
 * Two servers are measured one after the other, since writing a snapshot takes memory itself: the
 * first tells what the process uses, the second what its heap holds. Both are compared with
 * themselves at fewer connections, so that what is made once is not counted. That is 200 for the
 * heap; for the process it is two fifths of all, since V8 also enlarges the room for new objects
 * while many connections come, and only once.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type ServerChild, startClients, startServer } from "./child.ts";
import { Flags } from "./flags.ts";
import { type FunctionGrowth, type Growth, heapGrowth } from "./heap-growth.ts";
import { memoryReport } from "./memory-report.ts";
import type { MemoryReading } from "./orders.ts";
import { ownClassNames, requireBuilt } from "./repository.ts";

const HELP = `Memory per connection, by kind of object.

  --connections N   how many are open at the end (default 5000; 1000 to 15000)
  --engine NAME     auto (default), public, shared or lean
  --dialect NAME    line (default) or frame
  --json FILE       writes what is printed, and the rows that are too small to be
  --help            prints this
`;

/** Connections that are open when the first snapshot is written. */
const CONNECTIONS_BEFORE = 200;
const PING_INTERVAL_MS_MIN = 1_000;

export interface MemoryProfile {
  readonly engine: string;
  readonly dialect: string;
  readonly connections: number;
  readonly node: string;
  /** All per connection. */
  readonly process: MemoryReading;
  readonly rows: readonly Growth[];
  readonly functions: readonly FunctionGrowth[];
}

const flags = new Flags(HELP, ["connections", "engine", "dialect", "json"]);
const engine = flags.engine();
const dialect = flags.dialect();
const connections = flags.integer("connections", { default: 5_000, min: 1_000, max: 15_000 });
const processBefore = Math.floor(connections * 0.4);
requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "holdfast-memory-"));
try {
  const used = await twice(processBefore, (server) => server.ask<MemoryReading>({ do: "collect" }));
  const [before, after] = await twice(CONNECTIONS_BEFORE, (server, name) =>
    snapshot(server, join(folder, name)),
  );
  const profile: MemoryProfile = {
    engine,
    dialect,
    connections,
    node: process.version,
    process: perConnection(...used),
    ...heapGrowth(before, after, connections - CONNECTIONS_BEFORE, ownClassNames()),
  };
  process.stdout.write(memoryReport(profile));
  const json = flags.text("json");
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(profile, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Looks at one server with some of the connections, and with all. */
async function twice<Reading>(
  connectionsBefore: number,
  look: (server: ServerChild, name: string) => Promise<Reading>,
): Promise<[Reading, Reading]> {
  const settings = { engine, pingIntervalMsMin: PING_INTERVAL_MS_MIN };
  const { server, port } = await startServer(settings);
  using _server = server;
  using clients = await startClients({ port, dialect });
  await open(clients, connectionsBefore);
  const before = await look(server, "before.heapsnapshot");
  await open(clients, connections);
  return [before, await look(server, "after.heapsnapshot")];
}

async function snapshot(server: ServerChild, file: string): Promise<string> {
  await server.ask({ do: "collect" });
  await server.ask({ do: "snapshot", file });
  return file;
}

function perConnection(before: MemoryReading, after: MemoryReading): MemoryReading {
  const of = (key: keyof MemoryReading): number =>
    (after[key] - before[key]) / (connections - processBefore);
  return {
    rssBytes: of("rssBytes"),
    heapUsedBytes: of("heapUsedBytes"),
    heapTotalBytes: of("heapTotalBytes"),
    externalBytes: of("externalBytes"),
    arrayBufferBytes: of("arrayBufferBytes"),
  };
}
