/**
 * Floods of pings over every route: what is above the budget is answered for less and less, and
 * ended once it has lasted for a minute.
 */
import { expect } from "vitest";
import { isWebSocket, OTHER_ROUTES, ROUTES, type RouteName } from "../../support/routes.ts";
import type { Fate, Scene } from "./scene.ts";

interface Tally {
  readonly pings: number;
  readonly pongs: number;
  readonly slows: number;
  readonly slowAfterPings: number;
  readonly endCode: string | undefined;
}

const PATIENCE_MS = 60_000;
/** 50 at once and 10 a second, and now and then one that answers for several. */
const PONGS_MAX = 50 + 12 * 70;
type Flood = Fate & { readonly tallies: readonly Tally[] };

/** So many peers take part. */
export const FLOODERS: number =
  3 + 3 + 3 + 2 + 2 * OTHER_ROUTES.length + OTHER_ROUTES.filter(isWebSocket).length;

export async function flood(scene: Scene): Promise<void> {
  await Promise.all([byFrames(scene), byLines(scene), byNativePings(scene)]);
}

/** Frame peers are told to slow down, then answered now and then, then ended. */
async function byFrames(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const floods = ROUTES.map(async ({ name }) => {
    const ask = { count: name === "tcp" ? 3 : 1, way: name, perSecond: 200, ms: 75_000 };
    return [ask, await attacker.ask<Flood>("floodFrames", ask)] as const;
  });
  for (const [{ way, count }, result] of await Promise.all(floods)) {
    console.log(`ping flood, frames, ${way}:`, result);
    expect(result.closedByServer).toBe(count);
    expect(result.lifeMsMin).toBeGreaterThan(PATIENCE_MS);
    expect(result.lifeMsMax).toBeLessThan(PATIENCE_MS + 5_000);
    for (const tally of result.tallies) {
      expect(tally.slows).toBe(1);
      expect(tally.slowAfterPings).toBeLessThan(200);
      expect(tally.pongs).toBeLessThan(PONGS_MAX);
      expect(tally.pongs).toBeGreaterThan(300);
      expect(tally.endCode).toBe("PING_FLOOD");
    }
  }
}

/** Plain peers cannot be told: five times the budget is borne, twenty times is not. */
async function byLines(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const ask = (way: RouteName, count: number, perSecond: number): Promise<Flood> =>
    attacker.ask("floodLines", { count, way, perSecond, ms: PATIENCE_MS + 10_000 });
  const [borne, ...ended] = await Promise.all([
    ask("tcp", 3, 50),
    ask("tcp", 3, 200),
    ask("tcp", 2, 4_000),
    ...OTHER_ROUTES.map((way) => ask(way, 1, 200)),
  ]);
  console.log("ping flood, lines, 5, 20 and 400 times the budget:", borne, ...ended);
  expect(borne.closedByServer).toBe(0);
  for (const { peers, closedByServer, lifeMsMin, lifeMsMax } of ended) {
    expect(closedByServer).toBe(peers);
    expect(lifeMsMin).toBeGreaterThan(PATIENCE_MS);
    expect(lifeMsMax).toBeLessThan(PATIENCE_MS + 7_000);
  }
  for (const { pongs } of [borne, ...ended].flatMap(({ tallies }) => tallies)) {
    expect(pongs).toBeLessThan(PONGS_MAX);
    expect(pongs).toBeGreaterThan(300);
  }
}

/** Pings of WebSocket itself are pings like any other, and count against the same budget. */
async function byNativePings(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const floods = OTHER_ROUTES.filter(isWebSocket).map((way) =>
    attacker.ask<Fate & { pongs: number }>("floodNative", {
      count: 1,
      way,
      perSecond: 200,
      ms: PATIENCE_MS + 10_000,
    }),
  );
  const all = await Promise.all(floods);
  console.log("ping flood, pings of WebSocket, 20 times the budget:", ...all);
  for (const { closedByServer, lifeMsMin, lifeMsMax, pongs } of all) {
    expect(closedByServer).toBe(1);
    expect(lifeMsMin).toBeGreaterThan(PATIENCE_MS);
    expect(lifeMsMax).toBeLessThan(PATIENCE_MS + 7_000);
    expect(pongs).toBeLessThan(PONGS_MAX);
    expect(pongs).toBeGreaterThan(300);
  }
}
