/**
 * The scene of all attacks: a server that listens on every route, and peaceful clients of both
 * dialects over each, who must notice nothing. The attackers and the clients are processes of their
 * own.
 */
import { expect } from "vitest";
import { type ListenSettings, linkTargets, listenOn, ROUTES } from "../../support/routes.ts";
import type { Way } from "../../support/way.ts";
import { AttackedServer } from "./attacked-server.ts";
import { BUILT_DOOR, FarProcess } from "./far-process.ts";

/** What became of the peers of one attack. */
export interface Fate {
  readonly peers: number;
  readonly connected: number;
  readonly closedByServer: number;
  readonly lifeMsMin: number;
  readonly lifeMsMax: number;
  readonly silenceMsMax: number;
  readonly errors: Readonly<Record<string, number>>;
}

interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface LiveReport {
  readonly online: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly echoed: number;
  readonly outOfOrder: number;
  readonly undelivered: number;
  readonly echoMs: Spread;
  readonly beatMs: Spread;
  readonly ownDelayMsMax: number;
}

export class Scene {
  readonly attacked: AttackedServer;
  readonly liveCount: number;
  readonly #live: FarProcess;
  readonly #ways: Readonly<Record<string, Way>>;
  #echoed = 0;

  static async open(liveCount: number, options: ListenSettings): Promise<Scene> {
    const attacked = await AttackedServer.start({ ...listenOn(ROUTES), ...options });
    const scene = new Scene(attacked, liveCount);
    await scene.#live.ask("report");
    await expect.poll(() => attacked.live.size, { timeout: 20_000 }).toBe(liveCount);
    await scene.expectUndisturbed("before the attacks");
    return scene;
  }

  private constructor(attacked: AttackedServer, liveCount: number) {
    this.attacked = attacked;
    this.liveCount = liveCount;
    const { urls } = attacked.server;
    this.#ways = Object.fromEntries(
      ROUTES.map((route, index) => [route.name, route.wayTo(urls[index] ?? "")]),
    );
    const args = [BUILT_DOOR, JSON.stringify(linkTargets(urls)), `${liveCount}`];
    this.#live = new FarProcess("live-peers.mjs", args);
  }

  attacker(): FarProcess {
    return new FarProcess("attacker.mjs", [JSON.stringify(this.#ways)]);
  }

  /** None ended, none lost or reordered, and answers as quick as on a calm day or nearly so. */
  async expectUndisturbed(when: string): Promise<void> {
    const report = await this.#live.ask<LiveReport>("report");
    const { echoMs, beatMs, statuses, ends, online, ownDelayMsMax } = report;
    console.log(
      `live, ${when}: online ${online}, echoes ${JSON.stringify(echoMs)}, ` +
        `beats ${JSON.stringify(beatMs)}, ends ${JSON.stringify(ends)}, ` +
        `suspicions ${statuses["suspect"] ?? 0}, ` +
        `their own loop late by ${ownDelayMsMax} ms at most\n` +
        `  server: ${this.attacked.footprint()}`,
    );
    expect(this.attacked.liveEnds).toEqual([]);
    expect(ends).toEqual({});
    // One dial each, ever. A suspicion is no harm: two probe timeouts are milliseconds here.
    expect(statuses["connecting"]).toBe(this.liveCount);
    expect(online).toBe(this.liveCount);
    expect(report.outOfOrder).toBe(0);
    expect(report.undelivered).toBe(0);
    expect(report.echoed).toBeGreaterThan(this.#echoed);
    this.#echoed = report.echoed;
    expect(echoMs.p50).toBeLessThan(250);
    expect(echoMs.max).toBeLessThan(2_500);
    expect(beatMs.max).toBeLessThan(2_500);
  }

  /** In the end every message was answered by its echo, exactly once. */
  async expectNothingLost(): Promise<void> {
    await this.#live.ask("stopSending");
    const both = async () => {
      const { sent, echoed } = await this.#live.ask<LiveReport>("report");
      return { sent, echoed };
    };
    const { sent } = await both();
    await expect.poll(both, { timeout: 5_000 }).toEqual({ sent, echoed: sent });
    console.log(
      `live, in the end: ${sent} messages sent, ${sent} echoed, 0 of ${this.liveCount} ended`,
    );
  }
}
