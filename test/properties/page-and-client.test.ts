/**
 * Promise: a link on a page does what a link elsewhere does. Both live the same random story, over
 * pretended networks of their own, by the same chance: they tell of the same statuses in the same
 * order at about the same time, and each message arrives or is told to be lost. (A browser takes
 * more ahead than a pipe that says no, so more may be lost on a page.)
 */
import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { test } from "vitest";
import type { Link as ClientLink } from "../../src/client/link.ts";
import type { Link as PageLink } from "../../src/page/page-link.ts";
import { LinkRig, type TestServer } from "../support/link-rig.ts";
import { PageRig } from "../support/page-rig.ts";

const PLACE = "a.example:1";

type Step =
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "cut" | "heal" | "abort" | "goaway" | "wake" | "send" | "receive" | "down" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(60_000) }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step>(
      { do: "cut" },
      { do: "heal" },
      { do: "heal" },
      { do: "abort" },
      { do: "goaway" },
      { do: "wake" },
      { do: "send" },
      { do: "send" },
      { do: "receive" },
      { do: "down" },
    ),
  },
);

/** What both have, as far as a story needs it. */
type AnyLink = Pick<PageLink & ClientLink, "send" | "wake" | "close" | "ended" | "status" | "on">;

interface Lived {
  readonly statuses: readonly string[];
  readonly times: readonly number[];
  readonly ends: readonly string[];
  readonly got: readonly unknown[];
  readonly accounted: ReadonlySet<unknown>;
  readonly ended: string;
}

async function live(rig: LinkRig, link: AnyLink, story: readonly Step[]): Promise<Lived> {
  const servers = [rig.listen(PLACE)];
  let isUp = true;
  const statuses: string[] = [];
  const times: number[] = [];
  link.on("status", ({ name }) => {
    // Doubts come and go; whether one is taken back by a farewell is a matter of taste.
    if (name === "suspect" || statuses.at(-1) === name) return;
    statuses.push(name);
    times.push(rig.clock.now());
  });
  for (const [count, step] of story.entries()) {
    const server = servers.at(-1) as TestServer;
    // What is under way arrives first, or the story would be a race.
    await rig.advance(200);
    if (step.do === "wait") await rig.advance(step.ms);
    else if (step.do === "cut") rig.network.cut();
    else if (step.do === "heal") rig.network.heal();
    else if (step.do === "wake") link.wake();
    else if (step.do === "send" && link.status.name !== "ended") link.send(`message ${count}`);
    else if (step.do === "receive") sendBack(server, `answer ${count}`);
    else if (step.do === "abort") server.driven?.abort("OVERLOADED", "");
    else if (step.do === "goaway") {
      const order = { reason: "", retry: "after", afterMs: 3_000, spreadMs: 1_000 } as const;
      server.driven?.goAway(order);
    } else if (step.do === "down") {
      if (isUp) server.close();
      else servers.push(rig.listen(PLACE));
      isUp = !isUp;
    }
  }
  rig.network.heal();
  await rig.advance(60_000);
  void link.close();
  await rig.advance(20_000);
  const lost = rig.all("undelivered").flatMap(([{ messages }]) => [...messages]);
  const arrived = servers.flatMap(({ messages }) => messages);
  return {
    statuses,
    times,
    ends: rig.all("connectionEnd").map(([{ code, by }]) => `${seen(code)} ${by}`),
    got: rig.all("message").map(([data]) => data),
    accounted: new Set([...lost, ...arrived]),
    ended: (await link.ended).code,
  };
}

/** A browser does not tell a reset from a path that is gone. */
function seen(code: string): string {
  return code === "PEER_RESET" ? "PEER_VANISHED" : code;
}

/** An application would look whether anybody is there. */
function sendBack(server: TestServer, text: string): void {
  try {
    server.driven?.send(text);
  } catch {
    // Nobody is.
  }
}

const PAGE_SCHEME = { tcp: "ws", line: "line+ws" } as const;

/** Undefined: they lived it alike. */
async function difference(scheme: "line" | "tcp", story: readonly Step[]): Promise<unknown> {
  const options = { heartbeat: { intervalMs: 10_000 }, redial: { attemptsMax: 6 } };
  const elsewhere = new LinkRig();
  const there = await live(elsewhere, elsewhere.connect(`${scheme}://${PLACE}`, options), story);
  const page = new PageRig();
  const here = await live(page, page.open(`${PAGE_SCHEME[scheme]}://${PLACE}`, options), story);
  // Whether a line has arrived nobody can know: what a dead pipe took is not told.
  const unknown = scheme === "line" ? { times: [], accounted: new Set() } : { times: [] };
  const isAlike =
    isDeepStrictEqual({ ...here, ...unknown }, { ...there, ...unknown }) &&
    here.times.every((time, index) => Math.abs(time - (there.times[index] ?? NaN)) < 500);
  return isAlike ? undefined : { here, there };
}

/**
 * What happens at the very moment at which something else is due may go either way, so a story
 * that was not lived alike is told again a little later, and later still.
 */
const SHIFTS_MS = [0, 130, 290] as const;

test.each(["tcp", "line"] as const)(
  "a page and everybody else live the same story alike, over %s",
  async (scheme) => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 14 }), async (story) => {
        let different: unknown;
        for (const shiftMs of SHIFTS_MS) {
          const shifted = story.map((step) =>
            step.do === "wait" ? { ...step, ms: step.ms + shiftMs } : step,
          );
          different = await difference(scheme, [{ do: "wait", ms: shiftMs }, ...shifted]);
          if (different === undefined) return;
        }
        throw new Error(inspect(different, { depth: null }));
      }),
      { numRuns: 120 },
    );
  },
  120_000,
);
