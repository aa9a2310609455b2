/**
 * Attacks of every kind on one server, one after the other and some at the same time, while fifty
 * peaceful clients use it. The attackers and the clients are processes of their own.
 */
import { expect, test } from "vitest";
import { AttackedServer, type Change, changeBetween } from "./hostile/attacked-server.ts";
import { BUILT_DOOR, FarProcess } from "./hostile/far-process.ts";

const MIB = 1024 ** 2;
const LIVE = 50;
const BUDGET_BYTES = 8 * MIB;
const LINE_BYTES_MAX = 65_536;
const MAX_CONNECTIONS = 3_000;
const HANDSHAKES_MAX = 100;
const HANDSHAKE_MS = 5_000;
const DRAIN_MS = 6_000;
const LEASE_MS_MAX = 4_000;
/** What a peer may be late, and what an answer is waited for at the least. */
const GRACE_MS = 2_000;
const ANSWER_MS = 5_000;
/** One tick, the poll pass after it, and a busy machine. */
const LATE_MS = 1_500;

interface Fate {
  readonly peers: number;
  readonly connected: number;
  readonly closedByServer: number;
  readonly lifeMsMin: number;
  readonly lifeMsMax: number;
  readonly silenceMsMax: number;
  readonly errors: Readonly<Record<string, number>>;
}

interface Tally {
  readonly pings: number;
  readonly pongs: number;
  readonly slows: number;
  readonly slowAfterPings: number;
  readonly endCode: string | undefined;
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

/** The scene of all attacks. */
class Scene {
  readonly attacked: AttackedServer;
  readonly #live: FarProcess;
  #echoed = 0;

  private constructor(attacked: AttackedServer, live: FarProcess) {
    this.attacked = attacked;
    this.#live = live;
  }

  static async open(): Promise<Scene> {
    const attacked = await AttackedServer.start({
      timeoutMs: 10_000,
      leaseMsMax: LEASE_MS_MAX,
      handshakeTimeoutMs: HANDSHAKE_MS,
      handshakesMax: HANDSHAKES_MAX,
      drainTimeoutMs: DRAIN_MS,
      maxConnections: MAX_CONNECTIONS,
      line: { lineBytesMax: LINE_BYTES_MAX },
      outboxBytesMax: 2 * MIB,
      bufferBytesTotalMax: BUDGET_BYTES,
    });
    const live = new FarProcess("live-peers.mjs", [BUILT_DOOR, String(attacked.port), `${LIVE}`]);
    await live.ask("report");
    await expect.poll(() => attacked.live.size, { timeout: 20_000 }).toBe(LIVE);
    const scene = new Scene(attacked, live);
    await scene.expectUndisturbed("before the attacks");
    return scene;
  }

  attacker(): FarProcess {
    return new FarProcess("attacker.mjs", [String(this.attacked.port)]);
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
    expect(statuses["connecting"]).toBe(LIVE);
    expect(online).toBe(LIVE);
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
    console.log(`live, in the end: ${sent} messages sent, ${sent} echoed, 0 of ${LIVE} ended`);
  }
}

test("hostile peers meet their limits, and fifty peaceful clients notice nothing", {
  timeout: 180_000,
}, async () => {
  const scene = await Scene.open();
  const inTurn = async (): Promise<void> => {
    // The floods go on meanwhile.
    const { server } = scene.attacked;
    await expect.poll(() => server.stats().open, { timeout: 20_000 }).toBe(LIVE + FLOODERS);
    await trickleHandshakes(scene);
    await holdMemory(scene);
    await burst(scene);
    await announceDays(scene);
  };
  await Promise.all([floodByFrames(scene), floodByLines(scene), inTurn()]);
  await scene.expectUndisturbed("after all attacks");
  await scene.expectNothingLost();

  const { server } = scene.attacked;
  await expect.poll(() => server.stats().open, { timeout: 5_000 }).toBe(LIVE);
  const { ended, rejected, bufferedBytes, bufferedBytesPeak, refusing } = server.stats();
  console.log("ended by code:", ended, "\nrejected by cause:", rejected);
  console.log(scene.attacked.footprint());
  expect(refusing).toBe(0);
  expect(bufferedBytes).toBeLessThan(LINE_BYTES_MAX);
  // The read that exceeds it is in memory before it can be refused.
  expect(bufferedBytesPeak).toBeLessThan(BUDGET_BYTES + 2 * LINE_BYTES_MAX);
  expect(bufferedBytesPeak).toBeGreaterThan(BUDGET_BYTES);
  expect(scene.attacked.rssGrowthMib).toBeLessThan(RSS_GROWTH_MIB_MAX);
});

const RSS_GROWTH_MIB_MAX = 256;

/** Handshakes and lines that come by a byte a second. */
async function trickleHandshakes(scene: Scene): Promise<void> {
  const [one, other] = [scene.attacker(), scene.attacker()];
  const { result, change } = await scene.attacked.during(async () => {
    const lines = one.ask<Fate>("lorisLines", { count: 200, ms: 20_000 });
    const frames = other.ask<Fate>("lorisFrames", { count: 300, ms: 20_000 });
    const both = await Promise.all([frames, lines]);
    console.log("a plain newcomer waited", await scene.attacked.knock(2_000), "ms for its pong");
    return both;
  });
  console.log("slow-loris, frames and lines:", ...result, change);
  const [frames, lines] = result;
  expect(frames.closedByServer).toBe(300);
  expect(frames.lifeMsMax).toBeLessThan(HANDSHAKE_MS + LATE_MS);
  expect(change.ended["HANDSHAKE_TIMEOUT"]).toBe(HANDSHAKES_MAX);
  expect(change.rejected).toEqual({ HANDSHAKES_MAX: 300 - HANDSHAKES_MAX });
  expect(change.ended["HANDSHAKES_MAX"]).toBe(300 - HANDSHAKES_MAX);
  expect(lines.closedByServer).toBe(200);
  expect(lines.lifeMsMin).toBeGreaterThan(DRAIN_MS - LATE_MS);
  expect(lines.lifeMsMax).toBeLessThan(DRAIN_MS + LATE_MS);
  expect(change.ended["UNFINISHED_TOO_LONG"]).toBe(200);
  await scene.expectUndisturbed("slow-loris");
}

/** Lines and messages without end: one too long, and many that stay just below what is allowed. */
async function holdMemory(scene: Scene): Promise<void> {
  const { attacked } = scene;
  const attacker = scene.attacker();
  const tooLong = await attacked.during(() => {
    return attacker.ask<Fate>("endlessLines", { count: 50, bytes: MIB, ms: 10_000 });
  });
  console.log("50 lines of 1 MiB without end:", tooLong.result, tooLong.change);
  expect(tooLong.result.closedByServer).toBe(50);
  expect(tooLong.change.ended["LINE_TOO_LONG"]).toBe(50);
  await scene.expectUndisturbed("endless lines");

  const held = await attacked.during(async () => {
    const lines = attacker.ask<Fate>("endlessLines", { count: 200, bytes: 60_000, ms: 15_000 });
    const texts = attacker.ask<Fate>("endlessMessages", { count: 20, parts: 15, ms: 15_000 });
    return await Promise.all([lines, texts]);
  });
  console.log("30 MB of unfinished lines and messages:", ...held.result, held.change);
  expect(held.result.map(({ closedByServer }) => closedByServer)).toEqual([200, 20]);
  const { OVERLOADED: overloaded = 0, UNFINISHED_TOO_LONG: unfinished = 0 } = held.change.ended;
  expect(overloaded).toBeGreaterThan(20);
  expect(unfinished).toBeGreaterThan(20);
  expect(overloaded + unfinished).toBe(220);
  await scene.expectUndisturbed("memory held");
}

/** Ten thousand at once that never say a word, and then three thousand that do. */
async function burst(scene: Scene): Promise<void> {
  const { attacked } = scene;
  const { server } = attacked;
  const attacker = scene.attacker();
  const before = server.stats();
  const silent = { count: 10_000 };
  const speaking = { count: 3_000 };

  const quiet = await attacked.whileCounting(async () => {
    const result = await attacker.ask<object>("burstSilent", silent);
    // Those in the backlog of the kernel believe that they are in.
    const accepted = () => server.stats().accepted - before.accepted;
    await expect.poll(accepted, LONG).toBe(silent.count);
    return result;
  });
  console.log("a burst of 10,000 silent ones:", quiet.result, quiet.change);
  expect(server.stats().silent).toBe(MAX_CONNECTIONS / 2);
  expect(quiet.change.ended["SILENT_MAX"]).toBe(silent.count - MAX_CONNECTIONS / 2);
  console.log("a plain newcomer waited", await attacked.knock(2_000), "ms for its pong");
  await scene.expectUndisturbed("burst of silent ones");

  const loud = await attacked.whileCounting(async () => {
    const beforeIt = server.stats();
    const result = await attacker.ask<object>("burstSpeaking", speaking);
    // Whatever becomes of it, each is counted, and once.
    const counted = () => arrivals(changeBetween(beforeIt, server.stats()));
    await expect.poll(counted, LONG).toBe(speaking.count);
    return result;
  });
  console.log("3,000 more that speak:", loud.result, loud.change);
  expect(loud.change.rejected["CONNECTIONS_MAX"] ?? 0).toBeGreaterThan(1_000);
  expect(arrivals(loud.change)).toBe(speaking.count);
  expect(server.stats().open).toBeLessThanOrEqual(MAX_CONNECTIONS);

  console.log("they leave:", await attacker.ask<Fate>("leave", { ms: 3_000 }));
  await expect.poll(() => server.stats().open, LONG).toBeLessThanOrEqual(before.open);
  console.log("a plain newcomer waited", await attacked.knock(2_000), "ms for its pong");
  await scene.expectUndisturbed("burst");
}

function arrivals({ accepted, rejected, acceptFailures }: Change): number {
  const turnedAway = Object.values(rejected).reduce((sum, one) => sum + one, 0);
  return accepted + turnedAway + acceptFailures;
}

/** Peers that promise a byte within a day, and are gone. */
async function announceDays(scene: Scene): Promise<void> {
  const count = 40;
  const boundMs = LEASE_MS_MAX + GRACE_MS + ANSWER_MS;
  const { result, change } = await scene.attacked.during(() => {
    return scene.attacker().ask<Fate>("dayLeases", { count, ms: 20_000 });
  });
  console.log(`leases of a day, bound ${boundMs} ms:`, result, change);
  expect(result.closedByServer).toBe(count);
  expect(result.silenceMsMax).toBeLessThan(boundMs + LATE_MS);
  expect(result.lifeMsMin).toBeGreaterThan(LEASE_MS_MAX);
  expect(change.ended["PEER_SILENT"]).toBe(count);
  // Each announced it twice: in HELLO and in PING.
  expect(change.clampedLeases).toBe(2 * count);
  await scene.expectUndisturbed("leases of a day");
}

const LONG = { timeout: 10_000 };
const PATIENCE_MS = 60_000;
/** 50 at once and 10 a second, and now and then one that answers for several. */
const PONGS_MAX = 50 + 12 * 70;
const FLOODERS = 3 + 3 + 3 + 2;

/** Frame peers are told to slow down, then answered now and then, then ended. */
async function floodByFrames(scene: Scene): Promise<void> {
  const ask = { count: 3, perSecond: 200, ms: 75_000 };
  const result = await scene.attacker().ask<Fate & { tallies: Tally[] }>("floodFrames", ask);
  console.log("ping flood, frames:", result);
  expect(result.closedByServer).toBe(3);
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

/** Plain peers cannot be told: five times the budget is borne, twenty times is not. */
async function floodByLines(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const ms = PATIENCE_MS + 10_000;
  const [borne, ended, furious] = await Promise.all([
    attacker.ask<Fate & { tallies: Tally[] }>("floodLines", { count: 3, perSecond: 50, ms }),
    attacker.ask<Fate & { tallies: Tally[] }>("floodLines", { count: 3, perSecond: 200, ms }),
    attacker.ask<Fate & { tallies: Tally[] }>("floodLines", { count: 2, perSecond: 4_000, ms }),
  ]);
  console.log("ping flood, lines, 5, 20 and 400 times the budget:", borne, ended, furious);
  expect(borne.closedByServer).toBe(0);
  expect(ended.closedByServer).toBe(3);
  expect(furious.closedByServer).toBe(2);
  for (const { lifeMsMin, lifeMsMax } of [ended, furious]) {
    expect(lifeMsMin).toBeGreaterThan(PATIENCE_MS);
    expect(lifeMsMax).toBeLessThan(PATIENCE_MS + 7_000);
  }
  for (const { pongs } of [...borne.tallies, ...ended.tallies, ...furious.tallies]) {
    expect(pongs).toBeLessThan(PONGS_MAX);
    expect(pongs).toBeGreaterThan(300);
  }
}
