/** The adaptive interval on links of a page, over hours of pretended time. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";
import { networkStorage } from "../client/network-storage.ts";
import type { NetworkStore } from "../liveness/adaptive/network-book.ts";

const PLACE = "a.example:1";
const URL = `ws://${PLACE}`;
const RANGE = { intervalMsMin: 5_000, intervalMsMax: 300_000 };

test("a patient path lengthens the interval, up to what the server grants", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { adaptive: RANGE } });
  await rig.advance(3_600_000);
  expect(link.status.name).toBe("online");
  expect(link.intervalMs).toBe(300_000);
  expect(server.driven?.connection.leaseMs).toBe(300_000);
  const changes = rig.all("interval").map(([{ intervalMs }]) => intervalMs);
  expect(changes).toEqual(changes.toSorted((a, b) => a - b));
  expect(changes.at(-1)).toBe(300_000);
  expect(server.accepted).toBe(1);
});

test("where it is not asked for the interval is fixed, and nothing is told", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.advance(600_000);
  expect(link.intervalMs).toBeUndefined();
  expect(rig.all("interval")).toEqual([]);
});

test("a line server is pinged twice in its timeout, however patient the path", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const heartbeat = { adaptive: RANGE };
  const link = rig.open(`line+${URL}`, { heartbeat, timeoutMs: 60_000 });
  await rig.advance(3_600_000);
  expect(link.intervalMs).toBe(30_000);
  expect(server.records).toEqual([]);
});

test("what was learnt is there for the next link, and for that network only", async () => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string): string | null => items.get(key) ?? null,
    setItem: (key: string, value: string): void => void items.set(key, value),
  };
  const heartbeat = { adaptive: { ...RANGE, memory: networkStorage(storage) } };
  const rig = new PageRig();
  rig.listen(PLACE);
  rig.listen("b.example:1");
  const first = rig.open(URL, { heartbeat });
  await rig.advance(3_600_000);
  void first.close();
  await rig.settle();
  expect([...items.keys()]).toEqual(["holdfast-networks"]);
  const second = rig.open(URL, { heartbeat });
  await rig.advance(5_000); // Its first ping, as HELLO promised.
  expect(second.intervalMs).toBeGreaterThan(250_000);
  const elsewhere = rig.open("ws://b.example:1", { heartbeat });
  await rig.settle();
  expect(elsewhere.intervalMs).toBe(5_000);
});

test("a store that fails is told of once, and costs nothing else", async () => {
  const broken: NetworkStore = {
    read: () => {
      throw new Error("the disk is gone");
    },
    write: () => {
      throw new Error("the disk is gone");
    },
  };
  const rig = new PageRig();
  rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { adaptive: { ...RANGE, memory: broken } } });
  await rig.advance(600_000);
  expect(link.status.name).toBe("online");
  const texts = rig.observed.flatMap((one) => (one.what === "warning" ? [one.text] : []));
  expect(texts).toEqual(["`heartbeat.adaptive.memory` cannot be used: the disk is gone"]);
});

test("a connection that is lost to silence shortens the interval", async () => {
  const redial = { attemptsMax: false } as const;
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { adaptive: RANGE }, redial });
  await rig.advance(3_600_000);
  rig.network.cut();
  await rig.advance(400_000);
  rig.network.heal();
  await rig.advance(120_000);
  expect(server.accepted).toBe(2);
  expect(link.status.name).toBe("online");
  expect(link.intervalMs).toBeLessThan(300_000);
});

test("a page that is hidden keeps what it promised, and adapts again when it is seen", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL, { heartbeat: { adaptive: { ...RANGE, intervalMsMax: 20_000 } } });
  await rig.advance(20_000);
  rig.page.say("hidden");
  await rig.advance(600_000);
  expect(server.driven?.connection.leaseMs).toBe(120_000);
  rig.page.say("visible");
  await rig.advance(600_000);
  expect(link.intervalMs).toBe(20_000);
  expect(server.driven?.connection.leaseMs).toBe(20_000);
  expect(server.accepted).toBe(1);
});
