/**
 * The server that is attacked, in this process, and what is watched of it meanwhile: memory, its
 * own lateness, and the ends of those whom it has to protect.
 */
import { connect } from "node:net";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { expect, onTestFinished } from "vitest";
import {
  type ListenOptions,
  listen,
  type Server,
  type ServerConnection,
  type ServerStats,
} from "../../../src/index.ts";

const MIB = 1024 ** 2;
const LEFT = { timeout: 10_000, message: "the attackers have not left" };

type Counts = Readonly<Record<string, number>>;

/** What changed between two looks at the statistics. */
export interface Change {
  readonly accepted: number;
  readonly acceptFailures: number;
  readonly clampedLeases: number;
  readonly ended: Counts;
  readonly rejected: Counts;
}

export class AttackedServer {
  readonly server: Server;
  readonly port: number;
  /** Of whom it has to protect: they introduce themselves as `live-…` and are echoed. */
  readonly live: Set<ServerConnection> = new Set();
  readonly liveEnds: string[] = [];
  rssPeak = 0;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  readonly #rssAtStart: number = process.memoryUsage.rss();

  static async start(options: ListenOptions): Promise<AttackedServer> {
    const server = await listen(options);
    onTestFinished(() => server.destroy());
    return new AttackedServer(server);
  }

  private constructor(server: Server) {
    this.server = server;
    this.port = Number(new URL(server.urls[0] as string).port);
    server.on("message", (connection, data) => {
      if (typeof data !== "string" || !data.startsWith("live-")) return;
      this.live.add(connection);
      connection.send(data);
    });
    server.on("end", (connection, record) => {
      if (this.live.has(connection)) this.liveEnds.push(record.sentence);
    });
    this.#delay.enable();
    const timer = setInterval(() => this.#look(), 50);
    onTestFinished(() => clearInterval(timer));
  }

  get rssGrowthMib(): number {
    return Math.round((this.rssPeak - this.#rssAtStart) / MIB);
  }

  /** Runs an attack, and tells what the server counted until the last attacker had left. */
  during<T>(attack: () => Promise<T>): Promise<{ result: T; change: Change }> {
    const { open } = this.server.stats();
    return this.whileCounting(async () => {
      const result = await attack();
      // A peer knows of its end before the server has seen its FIN.
      await expect.poll(() => this.server.stats().open, LEFT).toBeLessThanOrEqual(open);
      return result;
    });
  }

  /** What the server counted meanwhile. */
  async whileCounting<T>(run: () => Promise<T>): Promise<{ result: T; change: Change }> {
    const before = this.server.stats();
    const result = await run();
    return { result, change: changeBetween(before, this.server.stats()) };
  }

  /** In one line: what memory and time the attack took so far. */
  footprint(): string {
    const { bufferedBytes, bufferedBytesPeak, open, silent, greeting, refusing } =
      this.server.stats();
    const delayMs = Math.round(this.#delay.max / 1e6);
    this.#delay.reset();
    return (
      `buffered now ${bufferedBytes}, peak ${bufferedBytesPeak}; ` +
      `rss ${Math.round(this.rssPeak / MIB)} MiB at most (+${this.rssGrowthMib}); ` +
      `open ${open}, silent ${silent}, greeting ${greeting}, refusing ${refusing}; ` +
      `own loop late by ${delayMs} ms at most`
    );
  }

  /** How long a plain newcomer waits for its first pong, in milliseconds. */
  knock(limitMs: number): Promise<number> {
    const beganAt = performance.now();
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write("ping\n"));
      const signal = AbortSignal.timeout(limitMs);
      signal.addEventListener("abort", () => {
        socket.destroy();
        reject(new Error(`no pong within ${limitMs} ms`));
      });
      socket.on("error", reject);
      let waitedMs: number | undefined;
      socket.once("data", () => {
        waitedMs = Math.round(performance.now() - beganAt);
        socket.end();
      });
      // Not before its end, which is counted like any other.
      socket.on("close", () => {
        if (waitedMs === undefined) reject(new Error("closed without a pong"));
        else resolve(waitedMs);
      });
    });
  }

  #look(): void {
    this.rssPeak = Math.max(this.rssPeak, process.memoryUsage.rss());
  }
}

export function changeBetween(before: ServerStats, after: ServerStats): Change {
  return {
    accepted: after.accepted - before.accepted,
    acceptFailures: after.acceptFailures - before.acceptFailures,
    clampedLeases: after.clampedLeases - before.clampedLeases,
    ended: difference(before.ended, after.ended),
    rejected: difference(before.rejected, after.rejected),
  };
}

function difference(before: Counts, after: Counts): Counts {
  const changed = Object.entries(after).map(([code, count]) => {
    return [code, count - (before[code] ?? 0)] as const;
  });
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}
