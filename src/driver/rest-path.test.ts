import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { Resting } from "../connection/resting.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { SERVER_CONFIG, withLiveness } from "../testing/connection-pair.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Transport } from "../transports/transport.ts";
import { Alarms } from "./alarms.ts";
import { Driven } from "./driven.ts";
import type { DrivenOwner } from "./driven-owner.ts";
import { RestPath } from "./rest-path.ts";

const PING = new TextEncoder().encode("ping\n");

/** Each answer takes 0.01 ms of this clock. */
class SlowClock extends ManualClock {
  spentMs = 0;

  override now(): ReturnType<ManualClock["now"]> {
    return (super.now() + this.spentMs) as ReturnType<ManualClock["now"]>;
  }
}

class Crowd {
  readonly clock = new SlowClock();
  /** Who was answered, in order. */
  readonly answered: number[] = [];
  readonly reported: unknown[] = [];
  readonly peers: Driven[];
  readonly path: RestPath;
  readonly #alarms: Alarms;

  constructor(size: number, on: Partial<DrivenOwner> = {}) {
    const { clock } = this;
    const stalls = new StallLog({ stallToleranceMs: 60_000 });
    const alarmsConfig = { tickMs: 10, watchMs: 1_000, stallToleranceMs: 60_000 };
    this.#alarms = new Alarms(alarmsConfig, clock, stalls, { onStall() {}, onPassEnd() {} });
    const config = withLiveness(SERVER_CONFIG, { pingIntervalMsMin: false });
    const resting = new Resting(config, { stalls, random: seededRandom(1) }, () => "");
    const report = (error: unknown): void => void this.reported.push(error);
    const ids = { enter() {}, text: (slot: number) => `${slot}`, leave() {} };
    const around = { clock, alarms: this.#alarms, report, ids };
    const owner = { ...QUIET_OWNER, ...on };
    this.path = new RestPath(resting, owner, around);
    this.peers = Array.from({ length: size }, (_, number) => {
      return new Driven(undefined, () => this.#pipe(number), owner, {
        ...around,
        rest: this.path,
      });
    });
  }

  /** All of them, in one turn of the event loop. */
  ping(): void {
    for (const peer of this.peers) peer.onBytes(PING);
  }

  /** One turn goes by. */
  turn(): number {
    const before = this.answered.length;
    this.clock.advance(0);
    return this.answered.length - before;
  }

  #pipe(number: number): Transport {
    return {
      kind: "memory",
      isPreparing: false,
      remote: { text: "memory", ip: "" },
      unsentBytes: 0,
      write: () => {
        this.answered.push(number);
        this.clock.spentMs += 0.01;
        return true;
      },
      finish() {},
      reset: () => true,
      close() {},
      pause() {},
      resume() {},
      readUnacked() {},
      kernelOptions() {
        throw new Error("not asked for");
      },
    };
  }
}

const QUIET_OWNER: DrivenOwner = {
  onGreeting() {},
  onReady() {},
  onHello() {},
  onOpened() {},
  onMessage() {},
  onVerdict() {},
  onBeat() {},
  onGoAway() {},
  onDrained() {},
  onDelivered() {},
  onJudge() {},
  onHeldBytes() {},
  onEnd() {},
};

function inOrder(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

test("a few pings are answered at once, each within the call that brought it", () => {
  const crowd = new Crowd(500);
  crowd.ping();
  expect(crowd.answered).toEqual(inOrder(500));
  expect(crowd.turn()).toBe(0);
});

test("of very many in one turn the rest is answered in portions, in order, each once", () => {
  const crowd = new Crowd(6_000);
  crowd.ping();
  // 10 ms at 0.01 ms each, after the first ones, which nobody counts.
  expect(crowd.answered.length).toBeGreaterThanOrEqual(1_000);
  expect(crowd.answered.length).toBeLessThan(1_200);
  const { heardMsAgo } = crowd.peers[5_999]?.look().evidence(crowd.clock.now()) ?? {};
  expect(heardMsAgo).toBeLessThan(1);
  while (crowd.answered.length < 6_000) {
    const before = crowd.clock.spentMs;
    // `advance` lets turn follow turn until nobody waits, so each is looked at by what it took.
    expect(crowd.turn()).toBeGreaterThan(0);
    expect(crowd.clock.spentMs).toBeGreaterThan(before);
  }
  expect(crowd.answered).toEqual(inOrder(6_000));
  expect(crowd.turn()).toBe(0);
});

test("a portion lets others have their turn", () => {
  const crowd = new Crowd(6_000);
  const { clock } = crowd;
  let longestMs = 0;
  let readAtMs = clock.spentMs;
  crowd.ping();
  // Called before each round of what waits for the end of a turn.
  clock.read = () => {
    if (crowd.answered.length > 1_200) longestMs = Math.max(longestMs, clock.spentMs - readAtMs);
    readAtMs = clock.spentMs;
  };
  clock.advance(0);
  expect(crowd.answered.length).toBe(6_000);
  expect(longestMs).toBeGreaterThan(9);
  expect(longestMs).toBeLessThan(11);
});

test("who is still owed an answer and says something else gets both, once", () => {
  const crowd = new Crowd(3_000);
  crowd.ping();
  const last = crowd.peers[2_999];
  expect(crowd.answered).not.toContain(2_999);
  last?.onBytes(new TextEncoder().encode("hello\n"));
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(1);
  crowd.turn();
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(1);
  expect(crowd.answered.length).toBe(3_000);
});

test("who pings again while an answer is owed gets the earlier one at once", () => {
  const crowd = new Crowd(3_000);
  crowd.ping();
  crowd.peers[2_999]?.onBytes(PING);
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(1);
  crowd.turn();
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(2);
});

test("who is gone by its turn is not answered, and nobody misses anything for it", () => {
  const crowd = new Crowd(3_000);
  crowd.ping();
  for (const peer of crowd.peers.slice(2_000)) peer.onClosed(undefined);
  crowd.turn();
  expect(crowd.answered).toEqual(inOrder(2_000));
});

test("what a listener of beats throws is reported, and the answer goes out", () => {
  const crowd = new Crowd(1, {
    wantsRestBeats: true,
    onRestBeat: () => {
      throw new Error("a bug of the application");
    },
  });
  crowd.ping();
  expect(crowd.answered).toEqual([0]);
  expect(crowd.reported).toEqual([
    expect.objectContaining({ message: "a bug of the application" }),
  ]);
});
