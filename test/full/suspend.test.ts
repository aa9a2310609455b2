/**
 * A process that is frozen for ten seconds, as a laptop, a container or a debugger freezes it.
 *
 * The one that slept ends nobody on waking. The other one, which cannot know, ends nobody before
 * its bound, and everybody within it.
 */
import { expect, type TestContext, test } from "vitest";
import { DIST_URL, type Program, Processes, type Told } from "../support/processes.ts";
import { linkTargets, listenOn, ROUTES } from "../support/routes.ts";

const COUNT = 300;
const INTERVAL_MS = 1_000;
const FROZEN_MS = 10_000;
const GRACE_MS = 2_000;
/** One tick of a server, and what a test machine is late without noticing it. */
const TICK_MS = 25 + 250;
const LIMIT_MS = 120_000;

test(
  "a server that was frozen ends nobody; patient clients end nothing",
  async (context) => {
    const answerWithinMs = 12_000;
    const { server, links } = await world(context, { timeoutMs: 3_000 }, { answerWithinMs });
    await freeze(server);
    await links.order("watch", "heard");
    const report = await server.order("report", "report");
    console.log(
      `frozen server, timeout 3 s:`,
      `frozen for ${FROZEN_MS} ms, it ended`,
      `${server.told("end").length} of ${COUNT}; clients that wait ${answerWithinMs} ms for an`,
      `answer ended ${links.told("end").length}; stalls noticed ${Number(report["stalls"])}`,
    );
    expect(report).toMatchObject({ open: COUNT, ended: {} });
    expect(report["stalls"]).toBeGreaterThanOrEqual(1);
    expect(links.told("end")).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "clients that were frozen end nothing; a patient server ends nobody",
  async (context) => {
    const listen = { timeoutMs: 30_000, answerWithinMs: 10_000 };
    const { server, links } = await world(context, listen, { answerWithinMs: 1_000 });
    await freeze(links);
    await links.order("watch", "heard");
    const report = await server.order("report", "report");
    const boundMs = INTERVAL_MS + GRACE_MS + listen.answerWithinMs;
    console.log(
      `frozen clients: frozen for ${FROZEN_MS} ms,`,
      `they ended ${links.told("end").length} of ${COUNT};`,
      `the server, with a bound of ${boundMs} ms for frames and ${listen.timeoutMs} ms for lines,`,
      `ended ${server.told("end").length}`,
    );
    expect(links.told("end")).toEqual([]);
    expect(report).toMatchObject({ open: COUNT, ended: {} });
  },
  LIMIT_MS,
);

test(
  "clients end a frozen server's connections within their bound",
  async (context) => {
    const answerWithinMs = 2_000;
    const { server, links } = await world(context, { timeoutMs: 3_000 }, { answerWithinMs });
    await freeze(server);
    // The first end of each: they come back while the server sleeps, and are disappointed again.
    const ends = [
      ...new Map(
        links
          .told("end")
          .toReversed()
          .map((end) => [end["index"], end]),
      ).values(),
    ];
    await links.order("watch", "heard", 60_000);
    const boundMs = INTERVAL_MS + answerWithinMs;
    console.log(
      `frozen server, impatient clients: ${ends.length} of ${COUNT} ended,`,
      `${sayRange(ends)} after the last byte; bound ${boundMs} ms;`,
      `the server itself ended ${silenced(server).length} for silence; all are back`,
    );
    expect(ends).toHaveLength(COUNT);
    for (const end of ends) checkEnd(end, boundMs);
    expect(silenced(server), "ended by the one that slept").toEqual([]);
  },
  LIMIT_MS,
);

test(
  "a server ends frozen clients within its bound",
  async (context) => {
    const listen = { timeoutMs: 5_000, answerWithinMs: 1_000 };
    const { server, links } = await world(context, listen, { answerWithinMs: 2_000 });
    await freeze(links);
    const ends = server.told("end");
    await links.order("watch", "heard", 60_000);
    const bounds = {
      frame: INTERVAL_MS + GRACE_MS + listen.answerWithinMs,
      line: listen.timeoutMs,
    };
    for (const [dialect, boundMs] of Object.entries(bounds)) {
      const these = ends.filter((end) => end["dialect"] === dialect);
      const held = these.filter((end) => evidenceOf(end)["heldForMassExpiry"] === true);
      console.log(
        `frozen clients, ${dialect}: ${these.length} of ${COUNT / 2} ended,`,
        `${sayRange(these)} after the last byte;`,
        `bound ${boundMs} ms, and ${listen.answerWithinMs} ms more for those`,
        `${held.length} that were held because so many expired together`,
      );
      expect(these).toHaveLength(COUNT / 2);
      for (const end of these) {
        const isHeld = evidenceOf(end)["heldForMassExpiry"] === true;
        checkEnd(end, boundMs + (isHeld ? listen.answerWithinMs : 0));
      }
    }
    expect(silenced(links), "ended by those that slept").toEqual([]);
  },
  LIMIT_MS,
);

interface World {
  readonly server: Program;
  readonly links: Program;
}

/** A server, and links over all routes in both dialects that have all been answered. */
async function world(
  context: TestContext,
  listen: { readonly timeoutMs: number; readonly answerWithinMs?: number },
  heartbeat: { readonly answerWithinMs: number },
): Promise<World> {
  const processes = new Processes(context);
  const everywhere = { ...listenOn(ROUTES), ...listen };
  const server = processes.node("holdfast-server.mjs", { dist: DIST_URL, listen: everywhere });
  const { urls } = await server.until("its urls", () => server.told("listening")[0]);
  const { timeoutMs } = listen;
  const options = { timeoutMs, heartbeat: { ...heartbeat, intervalMs: INTERVAL_MS } };
  const targets = linkTargets(urls as string[]);
  const settings = { dist: DIST_URL, targets, count: COUNT, boundMs: 0, options };
  const links = processes.node("links.mjs", settings);
  await links.until("all to be online", () => links.told("ready")[0], 40_000);
  await links.order("watch", "heard");
  expect([...links.told("end"), ...server.told("end")]).toEqual([]);
  return { server, links };
}

/** Here the time itself is what is tested, so this is the one wait for a duration. */
async function freeze(program: Program): Promise<void> {
  program.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
  program.signal("SIGCONT");
}

function checkEnd(end: Told, boundMs: number): void {
  const { heardMsAgo, ourLatenessMs } = evidenceOf(end);
  expect(end["code"]).toBe("PEER_SILENT");
  expect(heardMsAgo, String(end["sentence"])).toBeLessThanOrEqual(
    boundMs + Number(ourLatenessMs) + TICK_MS,
  );
  expect(heardMsAgo, String(end["sentence"])).toBeGreaterThan(INTERVAL_MS);
}

function silenced(program: Program): Told[] {
  return program.told("end").filter(({ code }) => code === "PEER_SILENT");
}

function evidenceOf(end: Told): Readonly<Record<string, unknown>> {
  return end["evidence"] as Readonly<Record<string, unknown>>;
}

function sayRange(ends: readonly Told[]): string {
  const ages = ends.map((end) => Math.round(Number(evidenceOf(end)["heardMsAgo"])));
  return `${Math.min(...ages)} to ${Math.max(...ages)} ms`;
}
