/**
 * A server under test: started, found ready, asked to collect its garbage, weighed, and ended.
 *
 * One that knows no orders is ready when its port can be connected to. What it is weighed by is the
 * kernel's count of resident memory, which includes what a runtime keeps for itself.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Contender, Variant } from "../contenders/contender.ts";
import { LineProcess } from "./line-process.ts";
import { descriptorCount, residentBytes } from "./process-facts.ts";

const READY_WITHIN_MS = 20_000;
const COLLECTED_WITHIN_MS = 20_000;
const HELD_WITHIN_MS = 30_000;
const LEFT_WITHIN_MS = 15_000;
/** Freed pages go back to the kernel a little later than the collection that freed them. */
const SETTLE_MS = 200;

export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  readonly #process: LineProcess;
  readonly #knowsOrders: boolean;
  readonly #folder: string;

  private constructor(process: LineProcess, port: number, knowsOrders: boolean, folder: string) {
    this.#process = process;
    this.port = port;
    this.pid = process.pid;
    this.#knowsOrders = knowsOrders;
    this.#folder = folder;
  }

  static async start(
    contender: Contender,
    variant: Variant,
    core: number | undefined,
  ): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
    const tells = contender.readiness === "tells";
    const wanted = tells ? 0 : await freePort();
    const command = contender.command(variant, wanted, folder);
    const process = new LineProcess(contender.id, command, core?.toString());
    try {
      const port = tells ? await toldPort(process) : await connectable(process, wanted);
      return new ServerProcess(process, port, tells, folder);
    } catch (error) {
      await process.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Resident bytes once garbage is collected, where it can be asked for that. */
  async weigh(): Promise<number> {
    await this.collect();
    await delay(SETTLE_MS);
    await this.collect();
    return residentBytes(this.pid);
  }

  /** Garbage is collected, where it can be asked for that. */
  async collect(): Promise<void> {
    if (this.#knowsOrders) await this.#process.order("gc", COLLECTED_WITHIN_MS);
  }

  /** It will do nothing for so long, and then watch its timers. */
  async hold(heldMs: number): Promise<void> {
    await this.#process.order(`hold ${heldMs}`, HELD_WITHIN_MS);
  }

  /** By how much its timers were late at most since it was held. */
  async latenessMs(): Promise<number> {
    const { latenessMs } = await this.#process.order("lateness", HELD_WITHIN_MS);
    if (typeof latenessMs === "number") return latenessMs;
    throw new Error(`expected a number of milliseconds, got ${JSON.stringify(latenessMs)}`);
  }

  descriptorCount(): number {
    return descriptorCount(this.pid);
  }

  /** Resolves once it has closed all but so many descriptors. */
  async hasLetGo(descriptorsMax: number): Promise<void> {
    const until = performance.now() + LEFT_WITHIN_MS;
    while (this.descriptorCount() > descriptorsMax) {
      if (performance.now() > until) {
        throw new Error(`it still holds ${this.descriptorCount()} descriptors after all have left`);
      }
      await delay(20);
    }
  }

  async end(): Promise<void> {
    await this.#process.end(this.#knowsOrders ? undefined : "SIGTERM");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  kill(): void {
    this.#process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function toldPort(process: LineProcess): Promise<number> {
  const told = await process.next("ready", READY_WITHIN_MS);
  if (told["event"] !== "ready" || typeof told["port"] !== "number") {
    throw new Error(`expected {"event":"ready","port":N}, got ${JSON.stringify(told)}`);
  }
  return told["port"];
}

async function connectable(process: LineProcess, port: number): Promise<number> {
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await canConnect(port))) {
    if (process.hasExited) await process.next("ready", 1); // Rejects, and says why it ended.
    if (performance.now() > until) throw new Error(`port ${port} cannot be connected to`);
    await delay(20);
  }
  return port;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (can: boolean) => (): void => {
      socket.destroy();
      resolve(can);
    };
    socket.once("connect", answer(true)).once("error", answer(false));
  });
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
