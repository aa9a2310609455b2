import { expect, test } from "vitest";
import { PING, RestingCrowd } from "../testing/resting-crowd.ts";

function inOrder(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

test("a few pings are answered at once, each within the call that brought it", () => {
  const crowd = new RestingCrowd(500);
  crowd.ping();
  expect(crowd.answered).toEqual(inOrder(500));
  expect(crowd.turn()).toBe(0);
});

test("of very many in one turn the rest is answered in portions, in order, each once", () => {
  const crowd = new RestingCrowd(6_000);
  crowd.ping();
  // 8 ms at 0.014 ms each, after the first ones, which nobody counts.
  expect(crowd.answered.length).toBeGreaterThanOrEqual(570);
  expect(crowd.answered.length).toBeLessThan(850);
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
  const crowd = new RestingCrowd(6_000);
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
  expect(longestMs).toBeGreaterThan(7);
  expect(longestMs).toBeLessThan(9);
});

test("who is still owed an answer and says something else gets both, once", () => {
  const crowd = new RestingCrowd(3_000);
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
  const crowd = new RestingCrowd(3_000);
  crowd.ping();
  crowd.peers[2_999]?.onBytes(PING);
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(1);
  crowd.turn();
  expect(crowd.answered.filter((one) => one === 2_999)).toHaveLength(2);
});

test("who is gone by its turn is not answered, and nobody misses anything for it", () => {
  const crowd = new RestingCrowd(3_000);
  crowd.ping();
  for (const peer of crowd.peers.slice(2_000)) peer.onClosed(undefined);
  crowd.turn();
  expect(crowd.answered).toEqual(inOrder(2_000));
});

test("what a listener of beats throws is reported, and the answer goes out", () => {
  const crowd = new RestingCrowd(1, {
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
