/** The servers of the crowd: workers that share a port, or each with a port of its own. */
import { join } from "node:path";
import type { Command } from "../contenders/contender.ts";
import type { LineProcess } from "../run/line-process.ts";
import type { Places } from "../run/places.ts";
import { cpuSeconds, residentBytes } from "../run/process-facts.ts";
import type { Troupe } from "../run/troupe.ts";
import type { Ends } from "./ends.ts";
import type { CrowdAmounts, CrowdResult } from "./results.ts";

const READY_WITHIN_MS = 30_000;

export class Servers {
  readonly #processes: readonly LineProcess[];
  readonly #pids: readonly number[];
  readonly #ports: readonly number[];

  private constructor(
    processes: readonly LineProcess[],
    pids: readonly number[],
    ports: readonly number[],
  ) {
    this.#processes = processes;
    this.#pids = pids;
    this.#ports = ports;
  }

  static async start(
    kind: CrowdResult["servers"],
    { workers, timeoutMs }: CrowdAmounts,
    { root }: Places,
    ends: Ends,
    troupe: Troupe,
  ): Promise<Servers> {
    // Of a hundred thousand arrivals nobody reads the lines.
    const shared = kind === "workers" ? ["--workers", String(workers), "--events", "ends"] : [];
    const command = serveCommand(root, timeoutMs, shared);
    const processes = Array.from({ length: kind === "workers" ? 1 : workers }, () =>
      troupe.start("holdfast serve", command, undefined, ends.hear),
    );
    const told = await Promise.all(
      processes.map((process) => process.next("listening", READY_WITHIN_MS)),
    );
    const ofWorkers = told.flatMap(({ workers: list }) =>
      (Array.isArray(list) ? list : []).map((one: { readonly pid: number }) => one.pid),
    );
    const ports = told.map(({ urls }) => Number(new URL((urls as string[])[0] ?? "").port));
    return new Servers(processes, [...processes.map(({ pid }) => pid), ...ofWorkers], ports);
  }

  /** That of a load generator, of which each has its server where they are apart. */
  portFor(index: number): number {
    return this.#ports[index % this.#ports.length] as number;
  }

  residentBytes(): number {
    return this.#pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  cpuSeconds(): number {
    return this.#pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end("SIGTERM")));
  }
}

function serveCommand(root: string, timeoutMs: number, more: readonly string[]): Command {
  const file = join(root, "dist/cli/main.js");
  const listen = ["--listen", "tcp://127.0.0.1:0", "--timeout", `${timeoutMs}ms`];
  return { file: process.execPath, args: [file, "serve", "--json", ...listen, ...more] };
}
