/**
 * The server that a storm hits: it notes when each connection arrives, and tells that when asked.
 *
 * A server of the library with its defaults, in a process that knows the orders of
 * ../contenders/server-life.ts and `arrivals`.
 */
import type * as holdfast from "../../src/index.ts";

export interface StormServerSettings {
  /** File url of the built library. */
  readonly dist: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly reconnectWindowMs: number;
}

/** How finely arrivals are told. */
const BIN_MS = 10;
/** More is not kept: ten minutes. */
const BINS_MAX = 60_000;

const settings = JSON.parse(process.argv[2] ?? "{}") as StormServerSettings;
const { listen } = (await import(settings.dist)) as typeof holdfast;
const bins: number[] = [];
const startedAt = performance.now();

const server = await listen({
  port: settings.port,
  host: "127.0.0.1",
  reconnectWindowMs: settings.reconnectWindowMs,
});
server.on("accepted", () => {
  const bin = Math.floor((performance.now() - startedAt) / BIN_MS);
  if (bin < BINS_MAX) bins[bin] = (bins[bin] ?? 0) + 1;
});

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    if (line === "arrivals") say({ event: "arrivals", binMs: BIN_MS, counts: filled() });
    else say({ event: "error", error: `there is no order "${line}"` });
  }
});
process.stdin.on("close", () => process.exit(0));
process.stdin.on("end", () => process.exit(0));
const readyAtMs = performance.timeOrigin + performance.now();
say({ event: "ready", port: Number(new URL(server.urls[0] ?? "").port), readyAtMs });

function filled(): number[] {
  return Array.from({ length: bins.length }, (_, bin) => bins[bin] ?? 0);
}

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
