import { expect, test } from "vitest";
import { LinkRig } from "../../test/support/link-rig.ts";
import { connectWith } from "./link.ts";
import { LinkWatch } from "./watch.ts";

const URL = "tcp://a.example:1";
const PLACE = "a.example:1";

test("a link that finds its server is connecting, then online", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE);
  const link = rig.connect(URL);
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
  const rig = new LinkRig();
  rig.connect(URL);
  expect(rig.statuses).toEqual([]);
  await Promise.resolve();
  await Promise.resolve();
  expect(rig.statuses).toEqual(["connecting"]);
});

test("a server that is not there is dialled again until it is", async () => {
  const rig = new LinkRig();
  const link = rig.connect(URL);
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
  const rig = new LinkRig();
  const link = rig.connect(URL, { redial: { attemptsMax: 3 } });
  await rig.advance(600_000);
  const record = await link.ended;
  expect(record).toMatchObject({ code: "REDIAL_EXHAUSTED", attempts: 3, connections: 0 });
  expect(record.sentence).toContain("gave up after 3 attempts");
  expect(record.lastCause?.code).toBe("DIAL_FAILED");
  expect(rig.all("end")).toEqual([[record]]);
  expect(rig.told.at(-1)?.[0]).toBe("end");
  expect(rig.statuses.filter((name) => name === "ended")).toHaveLength(1);
  expect(rig.clock.alarmCount).toBe(0);
});

test("a silent network makes the link suspect, then costs the connection", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE);
  const link = rig.connect(URL, { heartbeat: { intervalMs: 1_000 } });
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
  const rig = new LinkRig();
  rig.listen(PLACE);
  const link = rig.connect(URL, { heartbeat: { intervalMs: 1_000, answerWithinMs: 10_000 } });
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
  const rig = new LinkRig();
  rig.listen("c.example:3");
  const link = rig.connect([URL, "tcp://b.example:2", "tcp://c.example:3"]);
  await rig.advance(10_000);
  expect(rig.dialled).toEqual([PLACE, "b.example:2", "c.example:3"]);
  expect(link.status).toMatchObject({ name: "online", url: "tcp://c.example:3" });
});

test("a link that lost its server comes back with proof of who it was", async () => {
  const rig = new LinkRig();
  const server = rig.listen(PLACE);
  rig.connect(URL);
  await rig.settle();
  server.driven?.abort("OVERLOADED", "");
  await rig.advance(10_000);
  expect(server.hellos.map(({ previous }) => previous)).toEqual([
    undefined,
    { id: "server-1", secret: "secret-1" },
  ]);
  expect(rig.statuses).toEqual(["connecting", "online", "waiting", "connecting", "online"]);
});

test("an attempt covers all until WELCOME, and a mute server names the other url", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE).isMute = true;
  const link = rig.connect(URL, { redial: { attemptTimeoutMs: 2_000 } });
  await rig.advance(1_999);
  expect(link.status.name).toBe("connecting");
  await rig.advance(50);
  expect(link.status).toMatchObject({ name: "waiting" });
  const cause = link.status.name === "waiting" ? link.status.cause : undefined;
  expect(cause?.code).toMatch(/^(?:DIAL|HANDSHAKE)_TIMEOUT$/);
  expect(cause?.hint).toContain("use line://a.example:1");
});

test("a dial that never answers is cut off", async () => {
  const rig = new LinkRig();
  rig.network.cut();
  const link = rig.connect(URL, { redial: { attemptTimeoutMs: 2_000, attemptsMax: 1 } });
  await rig.advance(2_000);
  const record = await link.ended;
  expect(record.code).toBe("REDIAL_EXHAUSTED");
  expect(record.lastCause?.sentence).toBe("no connection to tcp://a.example:1 within 2000 ms");
});

test("the wrong dialect ends the link and names the other url", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE, { accepts: { line: false, frame: true } });
  const link = rig.connect("line://a.example:1");
  await rig.settle();
  link.send("hello");
  await rig.advance(10_000);
  const record = await link.ended;
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("use tcp://a.example:1");
});

test("a server that takes lines only says so to a frame client", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE, { accepts: { line: true, frame: false } });
  const link = rig.connect(URL);
  await rig.advance(10_000);
  const record = await link.ended;
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("use line://a.example:1");
});

test("line connections whose pings nobody answers name pong none from the second on", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE).isMute = true;
  const link = rig.connect("line://a.example:1", {
    heartbeat: { intervalMs: 1_000 },
    redial: { attemptsMax: 2 },
  });
  await rig.advance(120_000);
  const hints = rig
    .all("status")
    .map(([status]) => (status.name === "waiting" ? (status.cause.hint ?? "none") : ""));
  expect(hints.filter((hint) => hint !== "")).toEqual(["none"]);
  expect((await link.ended).sentence).toContain('heartbeat.pong: "none"');
});

test("wake cuts a wait short, once", async () => {
  const rig = new LinkRig();
  const link = rig.connect(URL, { redial: { baseMs: 600_000, capMs: 600_000 } });
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
  const rig = new LinkRig();
  const link = rig.connect(URL, { redial: { attemptsMax: false, giveUpAfterMs: 30_000 } });
  await rig.advance(30_000);
  expect(link.status).toMatchObject({ name: "ended", record: { code: "GAVE_UP" } });
});

test("a server that once answered is not called one that never does", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE);
  rig.connect("line://a.example:1", { heartbeat: { intervalMs: 1_000 } });
  for (let round = 0; round < 3; round++) {
    await rig.advance(20_000);
    rig.network.cut();
    await rig.advance(20_000);
    rig.network.heal();
  }
  const causes = rig
    .all("status")
    .flatMap(([status]) => (status.name === "waiting" ? [status.cause] : []))
    .filter(({ code }) => code === "PEER_SILENT");
  expect(causes).toHaveLength(3);
  expect(causes.map(({ hint }) => hint)).toEqual([undefined, undefined, undefined]);
});

test("a machine that slept wakes the waiting links beside the one that noticed", async () => {
  const rig = new LinkRig();
  rig.listen(PLACE);
  const watch = new LinkWatch({ tickMs: 10, stallToleranceMs: 250 }, rig.clock);
  const platform = { ...rig.platform, watch };
  const noticing = connectWith(platform, URL, { heartbeat: { intervalMs: 1_000 } });
  const redial = { baseMs: 600_000, capMs: 600_000 };
  const waiting = connectWith(platform, "tcp://b.example:1", { redial });
  const stalls: unknown[] = [];
  const ended = connectWith(platform, URL, { observe: (one) => stalls.push(one) });
  await rig.advance(3_000);
  await Promise.all([ended.close(), rig.advance(100)]);
  expect(waiting.status).toMatchObject({ name: "waiting", attempt: 2, delayMs: 300_050 });
  rig.clock.wallAheadMs += 3_600_000;
  await rig.advance(2_000);
  expect(noticing.status.name).toBe("online");
  expect(waiting.status).toMatchObject({ name: "waiting", attempt: 3 });
  expect(stalls).toEqual([]);
});
