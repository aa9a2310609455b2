/** Where a link of a page stands: dials, waits, doubts and deaths, as it tells them. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";

const URL = "ws://a.example:1/";
const PLACE = "a.example:1";

test("a link that finds its server is connecting, then online", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL);
  expect(link.status).toEqual({ name: "connecting", attempt: 1, url: URL });
  await rig.settle();
  expect(rig.statuses).toEqual(["connecting", "online"]);
  expect(link.status).toMatchObject({
    url: URL,
    connectionId: "server-1",
    since: rig.clock.wallNow(),
  });
});

test("the first listener hears the first status, though connect returned before", async () => {
  const rig = new PageRig();
  rig.open(URL);
  expect(rig.statuses).toEqual([]);
  await Promise.resolve();
  await Promise.resolve();
  expect(rig.statuses).toEqual(["connecting"]);
});

test("a server that is not there is dialled again until it is", async () => {
  const rig = new PageRig();
  const link = rig.open(URL);
  await rig.settle();
  expect(link.status).toMatchObject({
    name: "waiting",
    attempt: 2,
    cause: { code: "DIAL_FAILED", url: URL },
  });
  const { status } = link;
  if (status.name !== "waiting") throw new Error("it waits");
  expect(status.retryAt).toBe(rig.clock.wallNow() + status.delayMs);
  rig.listen(PLACE);
  await rig.advance(status.delayMs - 1);
  expect(link.status.name).toBe("waiting");
  await rig.advance(1);
  expect(rig.statuses).toEqual(["connecting", "waiting", "connecting", "online"]);
});

test("a hopeless link ends once, saying why", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { redial: { attemptsMax: 3 } });
  await rig.advance(600_000);
  const record = await link.ended;
  expect(record).toMatchObject({ code: "REDIAL_EXHAUSTED", attempts: 3, connections: 0 });
  expect(record.sentence).toContain("redial exhausted, after 3 attempts; last: cannot reach");
  expect(record.lastCause?.code).toBe("DIAL_FAILED");
  expect(rig.all("end")).toEqual([[record]]);
  expect(rig.told.at(-1)?.[0]).toBe("end");
  expect(rig.statuses.filter((name) => name === "ended")).toHaveLength(1);
  expect(rig.clock.alarmCount).toBe(0);
});

test("a silent network makes the link suspect, then costs the connection", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { intervalMs: 1_000 } });
  await rig.advance(5_000);
  expect(rig.statuses).toEqual(["connecting", "online"]);
  rig.network.cut();
  await rig.advance(20_000);
  expect(rig.statuses.slice(2, 5)).toEqual(["suspect", "waiting", "connecting"]);
  expect(rig.all("connectionEnd")[0]?.[0].code).toBe("PEER_SILENT");
  rig.network.heal();
  await rig.advance(120_000);
  expect(link.status.name).toBe("online");
});

test("a suspect that answers is online again, since the same moment as before", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { intervalMs: 1_000, answerWithinMs: 10_000 } });
  await rig.advance(5_000);
  const before = rig.all("status")[1]?.[0];
  rig.network.cut();
  await rig.advance(6_000);
  expect(link.status.name).toBe("suspect");
  rig.network.heal();
  await rig.advance(100);
  expect(rig.statuses).toEqual(["connecting", "online", "suspect", "online"]);
  expect(link.status).toEqual(before);
});

test("several urls are tried in turn", async () => {
  const rig = new PageRig();
  rig.listen("c.example:3");
  const link = rig.open([URL, "ws://b.example:2", "ws://c.example:3/"]);
  await rig.advance(10_000);
  expect(rig.dialled).toEqual([PLACE, "b.example:2", "c.example:3"]);
  expect(link.status).toMatchObject({ name: "online", url: "ws://c.example:3/" });
});

test("a link that lost its server comes back with proof of who it was", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  rig.open(URL);
  await rig.settle();
  server.driven?.abort("OVERLOADED", "");
  await rig.advance(10_000);
  expect(server.hellos.map(({ previous }) => previous)).toEqual([
    undefined,
    { id: "server-1", secret: "secret-1" },
  ]);
  expect(rig.statuses).toEqual(["connecting", "online", "waiting", "connecting", "online"]);
});

test("an attempt covers all until WELCOME; of who stays mute the dialect is doubted", async () => {
  const rig = new PageRig();
  rig.listen(PLACE).isMute = true;
  const link = rig.open(URL, { redial: { attemptTimeoutMs: 2_000 } });
  await rig.advance(1_999);
  expect(link.status.name).toBe("connecting");
  await rig.advance(50);
  expect(link.status).toMatchObject({ name: "waiting" });
  const cause = link.status.name === "waiting" ? link.status.cause : undefined;
  expect(cause?.code).toMatch(/^(?:DIAL|HANDSHAKE)_TIMEOUT$/);
  expect(cause?.hint).toContain("is ws://a.example:1/ what the server speaks");
});

test("a dial that never answers is cut off", async () => {
  const rig = new PageRig();
  rig.network.cut();
  const link = rig.open(URL, { redial: { attemptTimeoutMs: 2_000, attemptsMax: 1 } });
  await rig.advance(2_000);
  const record = await link.ended;
  expect(record.code).toBe("REDIAL_EXHAUSTED");
  expect(record.lastCause?.sentence).toBe("no connection to ws://a.example:1/ within 2000 ms");
});

test("the wrong dialect ends the link, which asks for the other one", async () => {
  const rig = new PageRig();
  rig.listen(PLACE, { accepts: { line: false, frame: true } });
  const link = rig.open("line+ws://a.example:1");
  await rig.settle();
  link.send("hello");
  await rig.advance(10_000);
  const record = await link.ended;
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("is line+ws://a.example:1/ what the server speaks");
});

test("a server that takes lines only says so to a frame client", async () => {
  const rig = new PageRig();
  rig.listen(PLACE, { accepts: { line: true, frame: false } });
  const link = rig.open(URL);
  await rig.advance(10_000);
  const record = await link.ended;
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("is ws://a.example:1/ what the server speaks");
});

test("line connections whose pings nobody answers end as silent, each of them", async () => {
  const rig = new PageRig();
  rig.listen(PLACE).isMute = true;
  const heartbeat = { intervalMs: 1_000 };
  const link = rig.open(`line+${URL}`, { heartbeat, redial: { attemptsMax: 2 } });
  await rig.advance(120_000);
  expect(rig.all("connectionEnd").map(([{ code }]) => code)).toEqual([
    "PEER_SILENT",
    "PEER_SILENT",
  ]);
  expect((await link.ended).sentence).toContain("a ping is unanswered for 5.0 s");
});

test("with pong none nobody waits for answers", async () => {
  const rig = new PageRig();
  rig.listen(PLACE).isMute = true;
  const heartbeat = { intervalMs: 1_000, pong: "none" } as const;
  const link = rig.open(`line+${URL}`, { heartbeat });
  await rig.advance(120_000);
  expect(rig.statuses).toEqual(["connecting", "online"]);
  expect(rig.all("beat")).toEqual([]);
  expect(() => rig.open(URL, { heartbeat })).toThrow('`pong: "none"` is for line urls');
  void link.close();
  await rig.advance(10_000);
  expect((await link.ended).code).toBe("CLOSED_HERE");
});

test("wake cuts a wait short, once", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { redial: { baseMs: 600_000, capMs: 600_000 } });
  await rig.settle();
  expect(link.status).toMatchObject({ delayMs: 300_050 });
  link.networkChanged();
  expect(link.status).toMatchObject({ name: "waiting", attempt: 2, delayMs: 1_000 });
  link.wake();
  expect(link.status).toMatchObject({ delayMs: 1_000 });
  await rig.advance(1_000);
  expect(rig.dialled).toHaveLength(2);
});

test("without a connection for long enough the link gives up", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { redial: { attemptsMax: false, giveUpAfterMs: 30_000 } });
  await rig.advance(30_000);
  expect(link.status).toMatchObject({ name: "ended", record: { code: "GAVE_UP" } });
});

test("a machine that slept wakes the links that wait, and those that are online ask", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const noticing = rig.open(URL, { heartbeat: { intervalMs: 1_000 } });
  const redial = { baseMs: 600_000, capMs: 600_000 };
  const waiting = rig.open("ws://b.example:1", { redial });
  await rig.advance(3_000);
  expect(waiting.status).toMatchObject({ name: "waiting", attempt: 2, delayMs: 300_050 });
  waiting.wake();
  rig.clock.wallAheadMs += 3_600_000;
  await rig.advance(2_000);
  expect(noticing.status.name).toBe("online");
  expect(waiting.status).toMatchObject({ name: "waiting", attempt: 3 });
  const stalls = rig.observed.filter(({ what }) => what === "stall");
  expect(stalls).toEqual([{ what: "stall", lateMs: 0, suspended: true }]);
});

test("who lost a server alone comes back soon, with other clients over its window", async () => {
  for (const [isAlone, delayMs] of [
    [true, 550],
    [false, 30_050],
  ] as const) {
    const rig = new PageRig();
    const server = rig.listen(PLACE, { outboxBytesMax: 10_000_000 });
    server.reconnectWindowMs = 60_000;
    const link = rig.open(URL, { inboxBytesMax: 1_000, pauseMsMax: 5_000 });
    await rig.advance(61_000);
    if (isAlone) {
      link[Symbol.asyncIterator]();
      server.driven?.send("x".repeat(10_000));
      await rig.advance(5_000);
    } else server.driven?.abort("OVERLOADED", "");
    await rig.settle();
    expect(link.status).toMatchObject({ name: "waiting", attempt: 1, delayMs });
  }
});

test("an interval over half of a line server's patience is warned about once", async () => {
  const rig = new PageRig();
  const options = { heartbeat: { intervalMs: 50_000 }, timeoutMs: 60_000 };
  rig.open([`line+${URL}`, "line+ws://b.example:1"], options);
  await rig.advance(60_000);
  expect(rig.observed.map((one) => (one.what === "warning" ? one.text : one.what))).toEqual([
    "`intervalMs` (50000) is over half of `timeoutMs` (60000)",
  ]);
  const frames = new PageRig();
  frames.open(URL, options);
  await frames.advance(60_000);
  expect(frames.observed).toEqual([]);
});
