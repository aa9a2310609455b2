/**
 * Attacks of every kind on one server, one after the other and some at the same time, while fifty
 * peaceful clients use it over every route. The attackers and the clients are processes of their
 * own.
 *
 * TCP is attacked by crowds. Over the other routes a few peers do the same, all of them at once:
 * the limits are those of the server, and it is shown that no way leads past them.
 */
import { expect, test } from "vitest";
import { isWebSocket, OTHER_ROUTES, type RouteName } from "../support/routes.ts";
import { changeBetween, type Change } from "./hostile/attacked-server.ts";
import { FLOODERS, flood } from "./hostile/floods.ts";
import { type Fate, Scene } from "./hostile/scene.ts";

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

const OPTIONS = {
  timeoutMs: 10_000,
  leaseMsMax: LEASE_MS_MAX,
  handshakeTimeoutMs: HANDSHAKE_MS,
  handshakesMax: HANDSHAKES_MAX,
  drainTimeoutMs: DRAIN_MS,
  maxConnections: MAX_CONNECTIONS,
  line: { lineBytesMax: LINE_BYTES_MAX },
  outboxBytesMax: 2 * MIB,
  bufferBytesTotalMax: BUDGET_BYTES,
};

test("hostile peers meet their limits, and fifty peaceful clients notice nothing", {
  timeout: 180_000,
}, async () => {
  const scene = await Scene.open(LIVE, OPTIONS);
  const inTurn = async (): Promise<void> => {
    // The floods go on meanwhile.
    const { server } = scene.attacked;
    await expect.poll(() => server.stats().open, { timeout: 20_000 }).toBe(LIVE + FLOODERS);
    await trickleHandshakes(scene);
    await holdMemory(scene);
    await burst(scene);
    await Promise.all([announceDays(scene), abuse(scene)]);
    await attackOtherWays(scene);
    await scene.expectUndisturbed("the other ways");
  };
  await Promise.all([flood(scene), inTurn()]);
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
    const lines = one.ask<Fate>("lorisLines", { count: 200, way: "tcp", ms: 20_000 });
    const frames = other.ask<Fate>("lorisFrames", { count: 300, way: "tcp", ms: 20_000 });
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
    return attacker.ask<Fate>("endlessLines", { count: 50, way: "tcp", bytes: MIB, ms: 10_000 });
  });
  console.log("50 lines of 1 MiB without end:", tooLong.result, tooLong.change);
  expect(tooLong.result.closedByServer).toBe(50);
  expect(tooLong.change.ended["LINE_TOO_LONG"]).toBe(50);
  await scene.expectUndisturbed("endless lines");

  const held = await attacked.during(async () => {
    const lines = attacker.ask<Fate>("endlessLines", {
      count: 200,
      way: "tcp",
      bytes: 60_000,
      ms: 15_000,
    });
    const texts = attacker.ask<Fate>("endlessMessages", {
      count: 20,
      way: "tcp",
      parts: 15,
      ms: 15_000,
    });
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
  const silent = { count: 10_000, way: "tcp" };
  const speaking = { count: 3_000, way: "tcp" };

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
    return scene.attacker().ask<Fate>("dayLeases", { count, way: "tcp", ms: 20_000 });
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

/** What was done over TCP, by a few over each other way, and all of it at the same time. */
async function attackOtherWays(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const count = 5;
  const { result, change } = await scene.attacked.during(() => {
    const fates = OTHER_ROUTES.map(async (way) => {
      const ask = (command: string, more: object = {}): Promise<Fate> =>
        attacker.ask(command, { count, way, ms: 20_000, ...more });
      const [lorisFrames, lorisLines, tooLong, lines, messages, leases] = await Promise.all([
        ask("lorisFrames"),
        ask("lorisLines"),
        ask("endlessLines", { bytes: 2 * LINE_BYTES_MAX }),
        ask("endlessLines", { bytes: 60_000 }),
        ask("endlessMessages", { parts: 3 }),
        ask("dayLeases"),
      ]);
      return { lorisFrames, lorisLines, tooLong, lines, messages, leases };
    });
    return Promise.all(fates);
  });
  console.log(`by ${OTHER_ROUTES.join(", ")}:`, ...result, change);
  const each = count * OTHER_ROUTES.length;
  // Half a message of WebSocket may still become a line, so it has the time of half a line.
  const half = count * OTHER_ROUTES.filter(isWebSocket).length;
  expect(change.ended).toMatchObject({
    HANDSHAKE_TIMEOUT: each - half,
    LINE_TOO_LONG: each,
    UNFINISHED_TOO_LONG: 3 * each + half,
    PEER_SILENT: each,
  });
  for (const [index, fates] of result.entries()) {
    for (const fate of Object.values(fates)) expect(fate.closedByServer).toBe(count);
    const handshakeMs = isWebSocket(OTHER_ROUTES[index] as RouteName) ? DRAIN_MS : HANDSHAKE_MS;
    expect(fates.lorisFrames.lifeMsMax).toBeLessThan(handshakeMs + LATE_MS);
    for (const { lifeMsMin, lifeMsMax } of [fates.lorisLines, fates.lines, fates.messages]) {
      expect(lifeMsMin).toBeGreaterThan(DRAIN_MS - LATE_MS);
      expect(lifeMsMax).toBeLessThan(DRAIN_MS + LATE_MS);
    }
    expect(fates.tooLong.lifeMsMax).toBeLessThan(LATE_MS);
    expect(fates.leases.silenceMsMax).toBeLessThan(LEASE_MS_MAX + GRACE_MS + ANSWER_MS + LATE_MS);
  }
}

const ABUSES = [
  { of: "tls", way: "tls" },
  { of: "http", way: "websocket" },
  { of: "http", way: "wss" },
  { of: "websocket", way: "websocket" },
  { of: "websocket", way: "wss" },
];

/** What TLS and WebSocket forbid, or have no end for. Nothing of it outlives a handshake. */
async function abuse(scene: Scene): Promise<void> {
  const attacker = scene.attacker();
  const ask = (one: object): Promise<Readonly<Record<string, number>>> =>
    attacker.ask("abuse", { ...one, ms: 10_000 });
  for (const lives of await Promise.all(ABUSES.map(ask))) {
    console.log("abuse, lifetimes in ms:", lives);
    for (const [name, lifeMs] of Object.entries(lives)) {
      expect(lifeMs, name).toBeLessThan(HANDSHAKE_MS + LATE_MS);
    }
  }
}

const LONG = { timeout: 10_000 };
