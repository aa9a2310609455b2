/** What a page tells its links, and what follows: hidden, offline, frozen, and back again. */
import { expect, test } from "vitest";
import { FakePage, PageRig } from "../../test/support/page-rig.ts";
import type { TestServer } from "../../test/support/link-rig.ts";
import type { Link } from "./page-link.ts";

const URL = "ws://a.example:1";
const PLACE = "a.example:1";
const HOLD_MS = 300_000;

const serverLiveness = {
  intervalMs: false,
  answerWithinMs: false,
  answersExpected: true,
  timeoutMs: 60_000,
  leaseMsMin: 10,
  leaseMsMax: 86_400_000,
  drainTimeoutMs: 60_000,
  pauseMsMax: 86_400_000,
  pingIntervalMsMin: false,
} as const;

interface Scene {
  readonly page: FakePage;
  readonly rig: PageRig;
  readonly server: TestServer;
  readonly link: Link;
}

async function online(
  config: Parameters<PageRig["listen"]>[1] = {},
  options: Parameters<PageRig["open"]>[1] = {},
): Promise<Scene> {
  const page = new FakePage();
  const rig = new PageRig(page);
  const server = rig.listen(PLACE, config);
  const link = rig.open(URL, { heartbeat: { intervalMs: 10_000 }, ...options });
  await rig.advance(20_000);
  expect(link.status.name).toBe("online");
  return { page, rig, server, link };
}

function leaseOf({ server }: Scene): number | undefined {
  return server.driven?.connection.leaseMs;
}

test("a hidden page promises more at once, and as before when it is seen", async () => {
  const scene = await online();
  expect(leaseOf(scene)).toBe(10_000);
  scene.page.say("hidden");
  await scene.rig.settle();
  expect(leaseOf(scene)).toBe(120_000);
  await scene.rig.advance(600_000);
  expect(leaseOf(scene)).toBe(120_000);
  scene.page.say("visible");
  await scene.rig.settle();
  expect(leaseOf(scene)).toBe(10_000);
  await scene.rig.advance(60_000);
  expect(leaseOf(scene)).toBe(10_000);
  expect(scene.rig.statuses).toEqual(["connecting", "online"]);
});

test("half of what is promised is kept while hidden", async () => {
  const scene = await online();
  scene.page.say("hidden");
  await scene.rig.settle();
  const before = scene.server.driven?.connection.input.pingsIn ?? 0;
  await scene.rig.advance(600_000);
  const pings = (scene.server.driven?.connection.input.pingsIn ?? 0) - before;
  expect(pings).toBeGreaterThanOrEqual(9);
  expect(pings).toBeLessThanOrEqual(11);
});

test("a page that was told its timers are a minute late loses nothing", async () => {
  const scene = await online({
    liveness: { ...serverLiveness, leaseMsMax: 120_000 },
  });
  scene.page.say("hidden");
  await scene.rig.settle();
  for (let minute = 0; minute < 30; minute++) {
    // Nothing of the page runs; what the server asks is answered when the minute is over.
    scene.rig.clock.stall(60_000);
    await scene.rig.settle();
  }
  expect(scene.rig.statuses.filter((name) => name !== "suspect")).not.toContain("waiting");
  expect(scene.server.records).toEqual([]);
});

test("late timers are told of while the page is seen, and not while it is hidden", async () => {
  const { page, rig } = await online();
  const stalls = (): number => rig.observed.filter(({ what }) => what === "stall").length;
  page.say("hidden");
  await rig.settle();
  rig.clock.stall(3_000);
  await rig.settle();
  expect(stalls()).toBe(0);
  page.say("visible");
  await rig.settle();
  rig.clock.stall(3_000);
  await rig.settle();
  expect(stalls()).toBe(1);
});

test("the server's limit holds for hidden pages; no gain is worth no ping", async () => {
  const scene = await online({ liveness: { ...serverLiveness, leaseMsMax: 30_000 } });
  scene.page.say("hidden");
  await scene.rig.settle();
  expect(leaseOf(scene)).toBe(30_000);

  const other = await online({ liveness: { ...serverLiveness, leaseMsMax: 10_000 } });
  const before = other.server.driven?.connection.input.pingsIn;
  other.page.say("hidden");
  await other.rig.settle();
  expect(other.server.driven?.connection.input.pingsIn).toBe(before);
  expect(leaseOf(other)).toBe(10_000);
});

test("`hiddenLeaseMs: false` promises no more than while the page is seen", async () => {
  const scene = await online({}, { hiddenLeaseMs: false });
  scene.page.say("hidden");
  await scene.rig.advance(60_000);
  expect(leaseOf(scene)).toBe(10_000);
  expect(() => scene.rig.open(URL, { hiddenLeaseMs: 10 })).toThrow(
    "`hiddenLeaseMs` must be whole, from 1000 to 86400000, or false, got 10",
  );
});

test("who comes online on a hidden page promises more from the beginning", async () => {
  const page = new FakePage();
  page.isHidden = true;
  const rig = new PageRig(page);
  const server = rig.listen(PLACE);
  rig.open(URL, { heartbeat: { intervalMs: 10_000 } });
  await rig.settle();
  expect(server.driven?.connection.leaseMs).toBe(120_000);
});

test("whoever hears of the network asks at once, and waits for little over a second", async () => {
  for (const news of ["offline", "online"] as const) {
    const scene = await online();
    scene.page.isOffline = news === "online";
    if (news === "online") scene.page.say("offline");
    await scene.rig.advance(200); // What is said so far is answered.
    scene.rig.network.cut();
    scene.page.say(news);
    await scene.rig.advance(1_500);
    expect(scene.rig.all("connectionEnd")[0]?.[0].code, news).toBe("PEER_SILENT");
  }
});

test("a page that is back does not wait for the answer to its farewell", async () => {
  const scene = await online();
  scene.rig.network.cut();
  scene.page.say("away");
  await scene.rig.settle();
  expect(scene.rig.all("connectionEnd")).toEqual([]);
  scene.page.say("back");
  expect(scene.rig.all("connectionEnd")[0]?.[0].code).toBe("PAGE_AWAY");
  scene.rig.network.heal();
  await scene.rig.advance(2_100);
  expect(scene.link.status.name).toBe("online");
});

test("asking a server that lives costs nothing but the question", async () => {
  const scene = await online();
  for (const news of ["offline", "online", "hidden", "visible"] as const) {
    scene.page.say(news);
    await scene.rig.advance(3_000);
  }
  expect(scene.rig.statuses).toEqual(["connecting", "online"]);
});

test("no dial goes out while the page is offline, and one soon after", async () => {
  const scene = await online();
  scene.server.close();
  scene.rig.network.cut();
  scene.page.say("offline");
  await scene.rig.advance(20_000);
  const { status } = scene.link;
  if (status.name !== "waiting") throw new Error(`it is ${status.name}`);
  const dialled = scene.rig.dialled.length;
  await scene.rig.advance(200_000);
  expect(scene.rig.dialled.length).toBe(dialled);
  scene.rig.network.heal();
  scene.rig.listen(PLACE);
  scene.page.say("online");
  await scene.rig.advance(2_100);
  expect(scene.link.status.name).toBe("online");
});

test("a wait that had begun lasts on when the page goes offline, within a limit", async () => {
  const page = new FakePage();
  const rig = new PageRig(page);
  const link = rig.open(URL, { redial: { baseMs: 10_000 } });
  await rig.settle();
  expect(link.status).toMatchObject({ name: "waiting" });
  page.say("offline");
  expect(link.status).toMatchObject({ name: "waiting", delayMs: HOLD_MS });
  await rig.advance(HOLD_MS - 100);
  expect(rig.dialled.length).toBe(1);
  await rig.advance(200);
  expect(rig.dialled.length).toBe(2);
});

test("offline is no reason not to dial for an application that asks for it", async () => {
  const page = new FakePage();
  page.isOffline = true;
  const rig = new PageRig(page);
  const link = rig.open(URL);
  await rig.advance(30_000);
  expect(rig.dialled.length).toBe(1); // The first: browsers may be mistaken.
  page.say("hidden");
  page.say("visible");
  await rig.advance(3_000);
  expect(rig.dialled.length).toBe(1);
  link.wake();
  await rig.advance(2_100);
  expect(rig.dialled.length).toBe(2);
});

test("what is on this machine is dialled, whatever the browser says of the network", async () => {
  const page = new FakePage();
  page.isOffline = true;
  const rig = new PageRig(page);
  const link = rig.open("ws://localhost:1");
  await rig.advance(30_000);
  expect(rig.dialled.length).toBeGreaterThan(2);
  await link.close();
});

test("a page that goes into the cache closes in good order, and returns with it", async () => {
  const scene = await online();
  scene.page.say("away");
  await scene.rig.settle();
  const [record] = scene.rig.all("connectionEnd")[0] ?? [];
  expect(record?.code).toBe("PAGE_AWAY");
  expect(scene.server.records[0]).toMatchObject({ code: "CLOSED_BY_PEER", by: "peer" });
  await scene.rig.advance(200_000); // If it runs on after all, it stays away.
  expect(scene.server.accepted).toBe(1);
  scene.page.say("back");
  await scene.rig.advance(2_100);
  expect(scene.link.status.name).toBe("online");
  expect(scene.server.accepted).toBe(2);
});

test("each link listens to the page for as long as it lives, and no longer", async () => {
  const { page, rig, link } = await online();
  expect(page.listeners).toBe(1);
  const second = rig.open(URL);
  await rig.settle();
  expect(page.listeners).toBe(2);
  void link.close();
  await rig.settle();
  expect(page.listeners).toBe(1);
  void second.close();
  await rig.settle();
  expect(page.listeners).toBe(0);
  page.say("offline");
  expect(rig.clock.alarmCount).toBe(0);
});

test("a listener that closes the link while the page speaks harms nobody", async () => {
  const { page, rig, link } = await online();
  rig.network.cut();
  const other = rig.open(URL);
  link.on("status", () => void other.close());
  page.say("offline");
  page.say("away");
  page.say("back");
  await rig.advance(20_000);
  expect(other.status.name).toBe("ended");
  expect(rig.reported).toEqual([]);
});
