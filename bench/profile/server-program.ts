/**
 * The server that is looked into: `listen` of dist/, as it is shipped, and nothing around it.
 *
 * It listens to no event of its server, so that what is measured is Holdfast alone. Easy to break:
 * whatever this file does while a profile runs would be part of it.
 */
import { Session } from "node:inspector/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PerformanceObserver, constants, type PerformanceEntry } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { writeHeapSnapshot } from "node:v8";
import type { ListenOptions, Observation } from "../../src/index.ts";
import { obey, settingsGiven } from "./obeying.ts";
import type { MemoryReading, ServerOrder, ServerSettings, WatchReading } from "./orders.ts";
import { DIST } from "./repository.ts";

const CLOCK_LOOKS = 200_000;

type Door = typeof import("../../src/index.ts");

const { engine, pingIntervalMsMin } = settingsGiven<ServerSettings>();
const { listen } = (await import(pathToFileURL(join(DIST, "index.js")).href)) as Door;
const options = {
  port: 0,
  host: "127.0.0.1",
  engine: engine as ListenOptions["engine"],
  pingIntervalMsMin,
  timeoutMs: 600_000,
};
await requireEngine();
const server = await listen(options);
const session = new Session();
session.connect();
let watch: Watch | undefined;
obey({ port: Number(new URL(server.urls[0] ?? "").port) }, carryOut);

async function carryOut(order: ServerOrder): Promise<unknown> {
  switch (order.do) {
    case "collect":
      return await collect();
    case "snapshot":
      return writeHeapSnapshot(order.file);
    case "start-allocation":
      return await startSampling(order.intervalBytes);
    case "stop-allocation":
      return write(order.file, await stopSampling());
    case "weigh-clock":
      lookAtClock(); // Until it is optimised.
      await startSampling(order.intervalBytes);
      lookAtClock();
      return bytesIn(await stopSampling(), lookAtClock.name) / CLOCK_LOOKS;
    case "start-cpu":
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: order.intervalUs });
      return await session.post("Profiler.start");
    case "stop-cpu":
      return write(order.file, (await session.post("Profiler.stop")).profile);
    case "start-watch":
      watch = new Watch();
      return undefined;
    case "stop-watch":
      return watch?.stop();
    default:
      return order satisfies never;
  }
}

type SampledNode = Awaited<ReturnType<typeof stopSampling>>;

async function startSampling(intervalBytes: number): Promise<void> {
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: intervalBytes,
    // What was collected meanwhile was allocated, too; without these it would be forgotten.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as { samplingInterval: number });
}

async function stopSampling() {
  return (await session.post("HeapProfiler.stopSampling")).profile.head;
}

/** As a beat looks at it: what comes is kept as a number. */
function lookAtClock(): void {
  const moment = new Float64Array(1);
  for (let look = 0; look < CLOCK_LOOKS; look++) moment[0] = performance.now();
}

/** In a function and in whatever it calls. */
function bytesIn(node: SampledNode, name: string, isInside: boolean = false): number {
  const counts = isInside || node.callFrame.functionName === name;
  const inner = node.children.map((child) => bytesIn(child, name, counts));
  return inner.reduce((sum, bytes) => sum + bytes, counts ? node.selfSize : 0);
}

/** Tried by a server that is gone again: one with an observer would be another one. */
async function requireEngine(): Promise<void> {
  let warning: string | undefined;
  const observe = (seen: Observation): void => {
    if (seen.what === "warning" && seen.text.includes("`engine`")) warning = seen.text;
  };
  await (await listen({ ...options, observe })).close();
  if (warning !== undefined) throw new Error(warning);
}

function write(file: string, profile: unknown): void {
  writeFileSync(file, JSON.stringify(profile));
}

/** Finalisers run between collections, and free what only the next one can take. */
async function collect(): Promise<MemoryReading> {
  for (let round = 0; round < 6; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    arrayBufferBytes: arrayBuffers,
  };
}

/** Garbage collections and CPU time from its making on. */
class Watch {
  readonly #beganAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #gcCount = { minor: 0, major: 0, other: 0 };
  readonly #observer: PerformanceObserver;
  #gcMs = 0;

  constructor() {
    this.#observer = new PerformanceObserver((list) => this.#count(list.getEntries()));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  async stop(): Promise<WatchReading> {
    const { user, system } = process.cpuUsage(this.#cpu);
    const wallMs = performance.now() - this.#beganAt;
    await new Promise((resolve) => setTimeout(resolve, 20)); // Entries are told a little later.
    this.#count(this.#observer.takeRecords());
    this.#observer.disconnect();
    return { wallMs, cpuUs: user + system, gcMs: this.#gcMs, gcCount: this.#gcCount };
  }

  #count(entries: readonly PerformanceEntry[]): void {
    for (const entry of entries) {
      this.#gcMs += entry.duration;
      // The types of Node 20 do not know what its entries have.
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MINOR) this.#gcCount.minor += 1;
      else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) this.#gcCount.major += 1;
      else this.#gcCount.other += 1;
    }
  }
}
