/**
 * Whoever lives is not ended because this process, or the other one, was busy.
 *
 * Each stall lasts longer than a timer that looks at the last sign of life would forgive. How many
 * connections such a timer would have ended is counted at the end of each stall, and a server that
 * sweeps, as many do, is put through the same as a control.
 *
 * One stall meets connections over all routes, so that more routes take no more time.
 */
import { expect, type TestContext, test } from "vitest";
import { DIST_URL, type Program, Processes } from "../support/processes.ts";
import { linkTargets, listenOn, ROUTES, routeNamed } from "../support/routes.ts";
import type { Way } from "../support/way.ts";

const COUNT = 300;
const INTERVAL_MS = 1_000;
const STALL_MS = 1_500;
const PLACES = ["timer", "immediate", "io"] as const;
const ROUNDS = 3;
const DELAY_MS = 150;
const READY_MS = 40_000;

test("a server that stalls ends nobody; one that sweeps ends many", async (context) => {
  const timeoutMs = 2_000;
  const processes = new Processes(context);
  const listen = { ...listenOn(ROUTES), timeoutMs };
  const server = processes.node("holdfast-server.mjs", { dist: DIST_URL, listen });
  const urls = await urlsOf(server);
  const ways = ROUTES.map((route, index) => route.wayTo(urls[index] ?? ""));
  const clients = await plainClients(processes, ways);
  const wouldEnd = await stallEverywhere(server);

  const report = await server.order("report", "report");
  const { ended, gapMs, answers } = await clients.order("report", "report");
  console.log(
    `stalled server, ${COUNT} plain clients:`,
    `the server ended ${JSON.stringify(report["ended"])},`,
    `the clients saw ${Number(ended)} ends; a timer on the last byte (${timeoutMs} ms) would have`,
    `ended ${sayCounts(wouldEnd)}; stalls noticed ${Number(report["stalls"])}, mass expiries`,
    `${Number(report["massExpiries"])}, answers ${Number(answers)}, longest gap between two pings`,
    `of one client ${Math.round(Number(gapMs))} ms`,
  );
  expect(report).toMatchObject({ open: COUNT, ended: {} });
  expect(server.told("end")).toEqual([]);
  expect(ended, "connections that clients saw ending").toBe(0);
  expect(report["stalls"]).toBeGreaterThanOrEqual(PLACES.length * ROUNDS);
  // Nobody had to be spared by the rule about many that expire together, which spares no few.
  expect(report["massExpiries"]).toBe(0);
  expectMany(wouldEnd, new Set(ROUTES.map(({ transport }) => transport)));

  for (const program of [clients, server]) program.signal("SIGKILL");
  await control(processes);
}, 240_000);

test("clients that stall end nothing, and nobody ends them", async (context) => {
  const timeoutMs = 4_000;
  const answerWithinMs = 1_000;
  const { server, links } = await linked(context, timeoutMs, answerWithinMs);
  const wouldEnd = await stallEverywhere(links);

  const report = await server.order("report", "report");
  const clients = await links.order("report", "report");
  console.log(
    `stalled clients: ${COUNT} links, all routes, both dialects, ${2 * DELAY_MS} ms to and fro;`,
    `the server ended ${JSON.stringify(report["ended"])}, the clients ${Number(clients["ended"])};`,
    `a timer on the last answer (${INTERVAL_MS + answerWithinMs} ms) would have ended`,
    sayCounts(wouldEnd),
  );
  expect(report).toMatchObject({ open: COUNT, ended: {} });
  expect(links.told("end")).toEqual([]);
  expect(server.told("end")).toEqual([]);
  expectMany(wouldEnd, new Set(ROUTES.map(({ name }) => name)));
}, 180_000);

/** The same stalls for servers that sweep: one server for each place, since few clients remain. */
async function control(processes: Processes): Promise<void> {
  const counts: string[] = [];
  let all = 0;
  for (const place of PLACES) {
    const server = processes.node("sweeping-server.mjs");
    const { port } = await server.until("its port", () => server.told("listening")[0]);
    const way = routeNamed("tcp").wayTo(`tcp://127.0.0.1:${Number(port)}`);
    const clients = await plainClients(processes, [way]);
    await sweeps(server, 2);
    expect(await server.order("report", "report")).toMatchObject({ open: COUNT, ended: 0 });
    for (let round = 0; round < ROUNDS; round++) {
      const { open } = await server.order("report", "report");
      if (open === 0) break;
      await server.order(`stall ${place} ${STALL_MS}`, "stalled");
      await sweeps(server, 2);
    }
    const { ended } = await server.order("report", "report");
    const { gapMs } = await clients.order("report", "report");
    counts.push(`${Number(ended)} of ${COUNT} in "${place}" (gap ${Math.round(Number(gapMs))} ms)`);
    all += Number(ended);
    for (const program of [clients, server]) program.signal("SIGKILL");
  }
  console.log(
    `control, a sweep each second, up to ${ROUNDS} stalls: it ended ${counts.join(", ")};`,
    "the gap is the longest between two pings of one client, all of which lived",
  );
  expect(all, "ended by the control").toBeGreaterThan(COUNT / 2);
}

async function sweeps(server: Program, count: number): Promise<void> {
  const first = Number((await server.order("report", "report"))["sweeps"]);
  for (let now = first; now < first + count; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    now = Number((await server.order("report", "report"))["sweeps"]);
  }
}

async function urlsOf(server: Program): Promise<readonly string[]> {
  const { urls } = await server.until("its urls", () => server.told("listening")[0]);
  return urls as string[];
}

async function plainClients(processes: Processes, ways: readonly Way[]): Promise<Program> {
  const settings = { ways, count: COUNT, intervalMs: INTERVAL_MS };
  const clients = processes.node("plain-clients.mjs", settings);
  await clients.until("all to be connected", () => clients.told("ready")[0], READY_MS);
  return clients;
}

async function linked(
  context: TestContext,
  timeoutMs: number,
  answerWithinMs: number,
): Promise<{ readonly server: Program; readonly links: Program }> {
  const processes = new Processes(context);
  const listen = { ...listenOn(ROUTES), timeoutMs };
  const server = processes.node("holdfast-server.mjs", { dist: DIST_URL, listen });
  const behind = await urlsOf(server);
  // Answers that are under way for a while are what a stall can make late.
  const path = processes.node("slow-path.mjs", {
    ways: ROUTES.map((route, index) => route.wayTo(behind[index] ?? "")),
    delayMs: DELAY_MS,
  });
  const { ways } = await path.until("its ways", () => path.told("listening")[0]);
  const slow = ROUTES.map((route, index) => route.urlOf((ways as readonly Way[])[index] as Way));
  const links = processes.node("links.mjs", {
    dist: DIST_URL,
    targets: linkTargets(slow),
    count: COUNT,
    boundMs: INTERVAL_MS + answerWithinMs,
    options: { timeoutMs, heartbeat: { intervalMs: INTERVAL_MS, answerWithinMs } },
  });
  await links.until("all to be online", () => links.told("ready")[0], READY_MS);
  await links.order("watch", "heard");
  return { server, links };
}

/** For each place, and for each name of a transport: how many a timer would have ended. */
type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** All rounds together. */
async function stallEverywhere(program: Program): Promise<Counts> {
  const counts: Record<string, Record<string, number>> = {};
  for (const place of PLACES) {
    const here: Record<string, number> = {};
    counts[place] = here;
    for (let round = 0; round < ROUNDS; round++) {
      const heard = program.told("heard").length;
      // Each time at another moment between two pings.
      const order = `stall ${place} ${STALL_MS} ${(round + 1) * 300}`;
      const { wouldEnd } = await program.order(order, "stalled");
      for (const [name, count] of Object.entries(wouldEnd as Record<string, number>)) {
        here[name] = (here[name] ?? 0) + count;
      }
      // Until each of them was heard again, so that the next stall meets all of them alive.
      await program.until("all to be heard", () => program.told("heard")[heard]);
    }
  }
  return counts;
}

/** Otherwise the stalls would prove nothing: at each place, and of each name. */
function expectMany(counts: Counts, names: ReadonlySet<string>): void {
  for (const place of PLACES) expect(sum(counts, place), place).toBeGreaterThan(COUNT / 10);
  const least = (PLACES.length * COUNT) / ROUTES.length / 10;
  for (const name of names) expect(sum(counts, name), name).toBeGreaterThan(least);
}

/** All that belongs to this place or transport. */
function sum(counts: Counts, key: string): number {
  const all = Object.entries(counts).flatMap(([place, here]) =>
    Object.entries(here).map(([name, count]) => (place === key || name === key ? count : 0)),
  );
  return all.reduce((total, count) => total + count, 0);
}

function sayCounts(counts: Counts): string {
  return PLACES.map(
    (place) => `${JSON.stringify(counts[place])} in ${ROUNDS} stalls in "${place}"`,
  ).join(", ");
}
