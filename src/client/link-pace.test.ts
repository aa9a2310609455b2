import { expect, test } from "vitest";
import { LinkRig } from "../../test/support/link-rig.ts";
import { seededRandom } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { later } from "../base/time.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { NetworkStore } from "../liveness/adaptive/network-book.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { PreviousReport, Welcome } from "../wire/frame.ts";
import { LinkPace } from "./link-pace.ts";
import { networkStorage } from "./network-storage.ts";
import { parseTarget } from "./target.ts";

const PLACE = "a.example:1";
const URL = `tcp://${PLACE}`;
const RANGE = { intervalMsMin: 5_000, intervalMsMax: 300_000 };

test("a patient path lengthens the interval, up to what the server grants", async () => {
  const rig = new LinkRig();
  const server = rig.listen(PLACE);
  const link = rig.connect(URL, { heartbeat: { adaptive: RANGE } });
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
  const rig = new LinkRig();
  rig.listen(PLACE);
  const link = rig.connect(URL);
  await rig.advance(600_000);
  expect(link.intervalMs).toBeUndefined();
  expect(rig.all("interval")).toEqual([]);
});

test("a line server is pinged twice in its timeout, however patient the path", async () => {
  const rig = new LinkRig();
  const server = rig.listen(PLACE);
  const heartbeat = { adaptive: RANGE };
  const link = rig.connect(`line://${PLACE}`, { heartbeat, timeoutMs: 60_000 });
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
  const rig = new LinkRig();
  rig.listen(PLACE);
  rig.listen("b.example:1");
  const first = rig.connect(URL, { heartbeat });
  await rig.advance(3_600_000);
  void first.close();
  await rig.settle();
  expect([...items.keys()]).toEqual(["holdfast-networks"]);
  const second = rig.connect(URL, { heartbeat });
  await rig.advance(5_000); // Its first ping, as HELLO promised.
  expect(second.intervalMs).toBeGreaterThan(250_000);
  const elsewhere = rig.connect("tcp://b.example:1", { heartbeat });
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
  const rig = new LinkRig();
  rig.listen(PLACE);
  const link = rig.connect(URL, { heartbeat: { adaptive: { ...RANGE, memory: broken } } });
  await rig.advance(600_000);
  expect(link.status.name).toBe("online");
  const texts = rig.observed.flatMap((one) => (one.what === "warning" ? [one.text] : []));
  expect(texts).toEqual(["`heartbeat.adaptive.memory` cannot be used: the disk is gone"]);
});

/** A pace by itself, with the words of a server that can be chosen. */
class PaceRig {
  readonly clock: ManualClock = new ManualClock();
  readonly pace: LinkPace;
  #connections = 0;

  constructor() {
    const config = { ...RANGE, memory: undefined, timeoutMs: 60_000 };
    this.pace = new LinkPace(config, seededRandom(1), this.clock, () => {});
  }

  get now(): Instant {
    return this.clock.now();
  }

  online(words: Partial<Welcome> = {}): void {
    this.#connections += 1;
    this.pace.onDial(parseTarget(URL));
    this.clock.advance(50);
    this.pace.begin({ ...WELCOME, id: `c${this.#connections}`, ...words }, this.now);
  }

  /** Pings are answered until the interval is at least so long. */
  climbTo(intervalMs: number): number {
    for (let seq = 1; seq < 500; seq++) {
      if (this.pace.intervalMs >= intervalMs) return seq;
      const idleMs = this.pace.intervalMs;
      this.clock.advance(idleMs);
      this.pace.pinged(seq, idleMs, this.now);
      this.clock.advance(40);
      this.pace.answered(40, false, this.now);
    }
    throw new Error("the interval does not grow");
  }

  /** One more ping, which is not answered; then the connection is given up. */
  loseAfter(seq: number): number {
    const idleMs = this.pace.intervalMs;
    this.clock.advance(idleMs);
    this.pace.pinged(seq, idleMs, this.now);
    this.clock.advance(5_000);
    this.pace.onEnded(silentEnd(idleMs + 5_000));
    this.clock.advance(500);
    return idleMs;
  }

  taken(): string | undefined {
    return this.pace.takeChange()?.taken;
  }
}

const WELCOME: Welcome = {
  id: "c",
  secret: "s",
  epoch: "e1",
  leaseMsMin: 1_000,
  leaseMsMax: 600_000,
  timeoutMs: 60_000,
  pingIntervalMsMin: 100,
  messageBytesMax: 1_000,
  nextMs: 0,
  reconnectWindowMs: 1_000,
  networkKey: "home",
};

function silentEnd(heardMsAgo: number): EndRecord {
  const evidence = { heardMsAgo, spokeMsAgo: 5_000, pingMsAgo: 5_000, srttMs: 40 };
  return {
    code: "PEER_SILENT",
    by: "fault",
    dialect: "frame",
    peerSaid: undefined,
    cause: undefined,
    evidence: { ...evidence, ourLatenessMs: 0 },
  } as unknown as EndRecord;
}

const OPEN: PreviousReport = { state: "open", lastPingSeq: 0 };

test("a ping that the server never got shortens the interval at once", () => {
  const rig = new PaceRig();
  rig.online();
  const seq = rig.climbTo(100_000);
  rig.taken();
  const lostMs = rig.loseAfter(seq);
  rig.online({ previous: { ...OPEN, lastPingSeq: seq - 1 } });
  expect(rig.pace.intervalMs).toBeLessThan(lostMs);
  expect(rig.taken()).toBe("swallowed");
});

test("a ping that had arrived says nothing of the path, nor does a server that restarted", () => {
  for (const [words, taken] of [
    [{ previous: { ...OPEN, lastPingSeq: 999 } }, "answer-lost"],
    [{ epoch: "e2", previous: { state: "unknown", lastPingSeq: 0 } }, "server"],
    [{ networkKey: "office" }, "network-changed"],
  ] as const) {
    const rig = new PaceRig();
    rig.online();
    const seq = rig.climbTo(100_000);
    rig.taken();
    rig.loseAfter(seq);
    rig.online(words);
    expect(rig.taken() ?? "nothing").toBe(taken === "network-changed" ? "nothing" : taken);
  }
});

test("each network has its own interval, and finds it again", () => {
  const rig = new PaceRig();
  rig.online();
  rig.climbTo(200_000);
  const homeMs = rig.pace.intervalMs;
  rig.pace.onEnded({ ...silentEnd(1_000), code: "TRANSPORT_FAILED" });
  rig.pace.onNetworkChanged();
  rig.online({ networkKey: "office" });
  expect(rig.pace.intervalMs).toBe(5_000);
  rig.pace.onEnded({ ...silentEnd(1_000), code: "TRANSPORT_FAILED" });
  rig.pace.onNetworkChanged();
  rig.online({ networkKey: "home" });
  // HELLO promised what held at the office; the first ping announces what home is known for.
  expect(rig.pace.intervalMs).toBe(5_000);
  expect(rig.pace.pinged(1, 3_000, rig.now)).toBeGreaterThan(0.8 * homeMs);
});

test("SLOW holds, and goes no further than the server's own limit", () => {
  const rig = new PaceRig();
  rig.online({ leaseMsMax: 40_000 });
  rig.pace.slowDown(20_000);
  expect(rig.pace.intervalMs).toBe(20_000);
  rig.climbTo(40_000);
  rig.clock.advance(1);
  expect(rig.pace.pinged(1, 40_000, later(rig.now, 1))).toBe(40_000);
});
