/**
 * Whoever lives is not ended because this process, or the other one, was busy.
 *
 * Each stall lasts longer than a timer that looks at the last sign of life would forgive. How many
 * connections such a timer would have ended is counted at the end of each stall, and a server that
 * sweeps, as many do, is put through the same as a control.
 */
import { expect, type TestContext, test } from "vitest";
import { DIST_URL, type Program, Processes } from "../support/processes.ts";

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
  const server = processes.node("holdfast-server.mjs", { dist: DIST_URL, listen: { timeoutMs } });
  const clients = await plainClients(processes, server);
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
  for (const place of PLACES) expect(wouldEnd[place], place).toBeGreaterThan(COUNT / 10);

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
    `stalled clients: ${COUNT} links, both dialects, ${2 * DELAY_MS} ms per round trip;`,
    `the server ended ${JSON.stringify(report["ended"])}, the clients ${Number(clients["ended"])};`,
    `a timer on the last answer (${INTERVAL_MS + answerWithinMs} ms) would have ended`,
    sayCounts(wouldEnd),
  );
  expect(report).toMatchObject({ open: COUNT, ended: {} });
  expect(links.told("end")).toEqual([]);
  expect(server.told("end")).toEqual([]);
  for (const place of PLACES) expect(wouldEnd[place], place).toBeGreaterThan(COUNT / 10);
}, 180_000);

/** The same stalls for servers that sweep: one server for each place, since few clients remain. */
async function control(processes: Processes): Promise<void> {
  const counts: string[] = [];
  let all = 0;
  for (const place of PLACES) {
    const server = processes.node("sweeping-server.mjs");
    const clients = await plainClients(processes, server);
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

async function plainClients(processes: Processes, server: Program): Promise<Program> {
  const { port } = await server.until("its port", () => server.told("listening")[0]);
  const settings = { port, count: COUNT, intervalMs: INTERVAL_MS };
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
  const server = processes.node("holdfast-server.mjs", { dist: DIST_URL, listen: { timeoutMs } });
  const behind = await server.until("its port", () => server.told("listening")[0]);
  // Answers that are under way for a while are what a stall can make late.
  const path = processes.node("slow-path.mjs", { port: behind["port"], delayMs: DELAY_MS });
  const { port } = await path.until("its port", () => path.told("listening")[0]);
  const links = processes.node("links.mjs", {
    dist: DIST_URL,
    port,
    count: COUNT,
    boundMs: INTERVAL_MS + answerWithinMs,
    options: { timeoutMs, heartbeat: { intervalMs: INTERVAL_MS, answerWithinMs } },
  });
  await links.until("all to be online", () => links.told("ready")[0], READY_MS);
  await links.order("watch", "heard");
  return { server, links };
}

/** Returns for each place how many a timer would have ended, all rounds together. */
async function stallEverywhere(program: Program): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const place of PLACES) {
    for (let round = 0; round < ROUNDS; round++) {
      const heard = program.told("heard").length;
      // Each time at another moment between two pings.
      const order = `stall ${place} ${STALL_MS} ${(round + 1) * 300}`;
      const { wouldEnd } = await program.order(order, "stalled");
      counts[place] = (counts[place] ?? 0) + Number(wouldEnd);
      // Until each of them was heard again, so that the next stall meets all of them alive.
      await program.until("all to be heard", () => program.told("heard")[heard]);
    }
  }
  return counts;
}

function sayCounts(counts: Readonly<Record<string, number>>): string {
  return PLACES.map((place) => `${counts[place]} in ${ROUNDS} stalls in "${place}"`).join(", ");
}
