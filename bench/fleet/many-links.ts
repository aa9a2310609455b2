/** Many links in one process to one server: what each costs, and what they cost when idle. */
import { setTimeout as delay } from "node:timers/promises";
import type { Told } from "../run/line-process.ts";
import type { Pinning } from "../run/cores.ts";
import type { Places } from "../run/places.ts";
import { residentBytes } from "../run/process-facts.ts";
import type { Troupe } from "../run/troupe.ts";
import { linkProgram, stormServer } from "./programs.ts";
import type { LinksResult } from "./results.ts";

export interface ManyLinksPlan {
  readonly dialect: "line" | "frame";
  /** Online when memory is read first: what the process holds besides. */
  readonly few: number;
  readonly links: number;
  readonly idleMs: number;
}

const READY_WITHIN_MS = 20_000;
const ONLINE_WITHIN_MS = 120_000;
const ORDER_WITHIN_MS = 30_000;
/** Long enough for each link to have noticed that its server is gone, and to wait. */
const NOTICED_MS = 300;
const WINDOW_MS = 60_000;

export async function measureLinks(
  { dialect, few, links, idleMs }: ManyLinksPlan,
  places: Places,
  pinning: Pinning | undefined,
  troupe: Troupe,
): Promise<LinksResult> {
  // The longest window, so that all wait while the timers are counted.
  const settings = { dist: places.dist, port: 0, reconnectWindowMs: WINDOW_MS };
  const server = troupe.start("server", stormServer(places, settings), pinning?.server);
  const port = Number((await server.next("ready", READY_WITHIN_MS))["port"]);
  const url = `${dialect === "line" ? "line" : "tcp"}://127.0.0.1:${port}`;
  const redial = { baseMs: WINDOW_MS, capMs: WINDOW_MS };
  const command = linkProgram(places, { url, options: { redial }, countsDials: false });
  const program = troupe.start("links", command, pinning?.load);
  const ask = (order: string, limitMs = ORDER_WITHIN_MS): Promise<Told> =>
    program.order(order, limitMs);
  await program.next("ready", READY_WITHIN_MS);
  await ask(`dial ${few}`, ONLINE_WITHIN_MS);
  const before = await ask("weigh");
  const residentBefore = residentBytes(program.pid);
  const more = links - few;
  const dialled = await ask(`dial ${more}`, ONLINE_WITHIN_MS);
  const after = await ask("weigh");
  const residentAfter = residentBytes(program.pid);
  const idle = await idleShare(ask, idleMs);
  await troupe.dismiss(server);
  await delay(NOTICED_MS);
  const waiting = await ask("cpu");
  await troupe.dismiss(program);
  return {
    dialect,
    links,
    heapBytesPerLink: (Number(after["heapBytes"]) - Number(before["heapBytes"])) / more,
    residentBytesPerLink: (residentAfter - residentBefore) / more,
    onlineMs: Number(dialled["onlineMs"]),
    timers: {
      few: Number(before["timers"]),
      online: idle.timers,
      waiting: Number(waiting["timers"]),
    },
    idleShare: idle.share,
    idleMs,
  };
}

async function idleShare(
  ask: (order: string) => Promise<Told>,
  idleMs: number,
): Promise<{ readonly share: number; readonly timers: number }> {
  const before = await ask("cpu");
  const startedAt = performance.now();
  await delay(idleMs);
  const after = await ask("cpu");
  const wallUs = (performance.now() - startedAt) * 1_000;
  const grown = (key: string): number => Number(after[key]) - Number(before[key]);
  return { share: (grown("user") + grown("system")) / wallUs, timers: Number(after["timers"]) };
}
