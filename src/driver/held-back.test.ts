import { expect, test } from "vitest";
import { PING, RestingCrowd } from "../testing/resting-crowd.ts";

/** All of them have said something before, each turn a few. */
function knownCrowd(size: number, ...on: [ConstructorParameters<typeof RestingCrowd>[1]?]) {
  const crowd = new RestingCrowd(size, ...on);
  crowd.ping();
  crowd.turn();
  crowd.answered.length = 0;
  crowd.turnsMs.length = 0;
  crowd.canPutOff = true;
  return crowd;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

test("no turn reads all of a burst, and everybody is answered once", () => {
  const crowd = knownCrowd(18_000);
  crowd.burst();
  // Reading them all takes 72 ms of this clock, and the answers 180.
  expect(Math.max(...crowd.turnsMs)).toBeLessThan(18);
  expect(crowd.answered.toSorted((a, b) => a - b)).toEqual(numbers(0, 18_000));
  expect(crowd.putOff.size).toBe(0);
});

test("where nobody can be put off a burst is read in one turn, and answered in many", () => {
  const crowd = knownCrowd(18_000);
  crowd.canPutOff = false;
  crowd.burst();
  expect(Math.max(...crowd.turnsMs)).toBeGreaterThan(72);
  expect(crowd.turnsMs.length).toBeGreaterThan(15);
  expect(crowd.answered.toSorted((a, b) => a - b)).toEqual(numbers(0, 18_000));
});

test("those held first are let in first", () => {
  const crowd = knownCrowd(8_000);
  crowd.ping(numbers(0, 3_000));
  const letIn: number[] = [];
  let held = [...crowd.putOff];
  crowd.clock.read = () => {
    letIn.push(...held.filter((one) => !crowd.putOff.has(one)));
    held = [...crowd.putOff];
  };
  crowd.turn();
  expect(letIn.length).toBeGreaterThan(4_000);
  expect(letIn).toEqual(crowd.putOffs);
});

test("a crowd that a turn has time for is never held", () => {
  const crowd = knownCrowd(18_000);
  crowd.ping(numbers(0, 1_000));
  expect(crowd.putOffs).toEqual([]);
});

test("whoever is held is not judged, and is once it was let in and said nothing", () => {
  const judged: number[] = [];
  const crowd = knownCrowd(8_000, { onJudge: ({ slot }) => void judged.push(slot) });
  crowd.ping(numbers(0, 3_000));
  const [one = -1] = crowd.putOff;
  crowd.clock.stall(200_000);
  crowd.peers[one]?.onAlarm(crowd.clock.now());
  expect(judged).toEqual([]);
  expect(crowd.peers[one]?.doing).toBe("put off");
  // Let in, it may not have been read yet.
  const doings = new Set<string | undefined>();
  crowd.clock.read = () => {
    if (crowd.peers[one]?.doing === "let in") crowd.peers[one]?.onAlarm(crowd.clock.now());
    doings.add(crowd.peers[one]?.doing);
  };
  crowd.clock.turn();
  expect([...doings]).toEqual(["put off", "let in", "nothing"]);
  expect(judged).toEqual([]);
  expect(crowd.peers[one]?.isAtRest).toBe(true);
  crowd.peers[one]?.onAlarm(crowd.clock.now());
  expect(judged).toEqual([one]);
});

test("whoever gets up is let in before anything else", () => {
  const crowd = knownCrowd(8_000);
  crowd.ping(numbers(0, 3_000));
  const [one = -1] = crowd.putOff;
  expect(crowd.peers[one]?.isAtRest).toBe(true);
  crowd.peers[one]?.pauseReading();
  expect(crowd.putOff).not.toContain(one);
  expect(crowd.peers[one]?.doing).toBe("nothing");
});

test("what comes from somebody who is held lets it in, and is answered", () => {
  const crowd = knownCrowd(8_000);
  crowd.ping(numbers(0, 3_000));
  const [one = -1] = crowd.putOff;
  crowd.peers[one]?.onBytes(PING);
  expect(crowd.putOff).not.toContain(one);
  crowd.turn();
  expect(crowd.answered.filter((other) => other === one)).toHaveLength(1);
});

test("whoever ends while it is held is forgotten, and the others are let in", () => {
  const crowd = knownCrowd(8_000);
  crowd.ping(numbers(0, 3_000));
  const [one = -1] = crowd.putOff;
  crowd.peers[one]?.onClosed(undefined);
  expect(crowd.peers[one]?.doing).toBe("over");
  crowd.turn();
  expect(crowd.putOff.size).toBe(0);
  expect(crowd.peers.filter(({ doing }) => doing !== "nothing")).toHaveLength(1);
});

test("a newcomer who has said nothing yet is not held", () => {
  const crowd = new RestingCrowd(8_000);
  crowd.canPutOff = true;
  crowd.ping(numbers(0, 4_000));
  expect(crowd.putOffs.filter((one) => one >= 4_000)).toEqual([]);
});

test("where most of those held were silent fewer are held the next time", () => {
  const crowd = knownCrowd(18_000);
  crowd.ping(numbers(0, 1_600));
  const first = crowd.putOffs.length;
  expect(first).toBeGreaterThan(10_000);
  crowd.turn();
  crowd.ping(numbers(0, 1_600));
  expect(crowd.putOffs.length - first).toBeLessThan(500);
  crowd.turn();
  crowd.turnsMs.length = 0;
  crowd.burst();
  expect(Math.max(...crowd.turnsMs)).toBeLessThan(25);
});

/** Peers that are awake, since they say something else than pings. */
function talkingCrowd(size: number, ...on: [ConstructorParameters<typeof RestingCrowd>[1]?]) {
  const crowd = new RestingCrowd(size, ...on);
  const words = new TextEncoder().encode("hello\n");
  crowd.hear = (peer) => peer.onBytes(words);
  crowd.ping();
  crowd.turn();
  crowd.turnsMs.length = 0;
  crowd.canPutOff = true;
  return crowd;
}

test("no turn reads all of a burst of peers that are awake, and each is heard once", () => {
  const crowd = talkingCrowd(18_000);
  expect(crowd.peers.some(({ isAtRest }) => isAtRest)).toBe(false);
  crowd.burst();
  expect(crowd.turnsMs.length).toBeGreaterThan(10);
  expect(Math.max(...crowd.turnsMs)).toBeLessThan(18);
  expect(new Set(crowd.peers.map((peer) => peer.look().input.messagesIn))).toEqual(new Set([2]));
  expect(crowd.putOff.size).toBe(0);
});

test("a peer that is awake and held is not judged, and is once it was let in", () => {
  const judged: number[] = [];
  const crowd = talkingCrowd(8_000, { onJudge: ({ slot }) => void judged.push(slot) });
  crowd.ping(numbers(0, 4_000));
  const [one = -1] = crowd.putOff;
  crowd.clock.stall(200_000);
  crowd.peers[one]?.onAlarm(crowd.clock.now());
  expect(crowd.peers[one]?.doing).toBe("put off");
  expect(judged).toEqual([]);
  crowd.clock.turn();
  crowd.peers[one]?.onAlarm(crowd.clock.now());
  expect(judged).toEqual([one]);
});

test("whatever is done to a peer that is held lets it in, and is done", () => {
  const crowd = talkingCrowd(8_000);
  crowd.ping(numbers(0, 4_000));
  const [one = -1, two = -1, three = -1] = crowd.putOff;
  crowd.peers[one]?.send("news");
  expect(crowd.answered).toContain(one);
  crowd.peers[two]?.pauseReading();
  crowd.peers[three]?.close("CLOSED_HERE", "");
  for (const held of [one, two, three]) expect(crowd.putOff).not.toContain(held);
  const isOver = (number: number): boolean => crowd.peers[number]?.doing === "over";
  expect([one, two, three].map(isOver)).toEqual([false, false, false]);
  // Whoever does not read by its own wish is not put off in the next burst.
  crowd.turn();
  crowd.putOffs.length = 0;
  crowd.ping(numbers(0, 4_000));
  expect(crowd.putOffs).toContain(one);
  expect(crowd.putOffs).not.toContain(two);
  expect(crowd.putOffs).not.toContain(three);
});

test("peers that only ping in the words of their transport are put off, too", () => {
  const crowd = new RestingCrowd(18_000);
  crowd.hear = (peer) => {
    crowd.clock.spentMs += 0.01;
    peer.onNativePing();
  };
  crowd.ping();
  crowd.turn();
  crowd.turnsMs.length = 0;
  crowd.canPutOff = true;
  crowd.burst();
  expect(Math.max(...crowd.turnsMs)).toBeLessThan(25);
  expect(new Set(crowd.peers.map((peer) => peer.look().input.pingsIn))).toEqual(new Set([2]));
});
