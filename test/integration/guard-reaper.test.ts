/** When many expire at once, when the machine slept, when this process was late. */
import { expect, test } from "vitest";
import { GuardRig } from "../support/guard-rig.ts";

const OPTIONS = { timeoutMs: 10_000, intervalMs: 4_000, answerWithinMs: 2_000 } as const;

test("sixty of sixty-two are held once; whoever spoke then lives, the rest die", () => {
  const rig = new GuardRig(OPTIONS);
  const many = Array.from({ length: 60 }, () => rig.socket());
  rig.clock.advance(5_000);
  for (let count = 0; count < 2; count++) rig.socket();
  rig.clock.advance(6_000);
  expect(rig.flock.counters.stats(rig.flock.size)).toMatchObject({ open: 62, massExpiries: 1 });
  for (const socket of many.slice(0, 40)) socket.waitingBytes += 1;
  rig.clock.advance(2_500);
  expect(rig.ends.length).toBe(20);
  expect(rig.ends[0]?.record.evidence.heldForMassExpiry).toBe(true);
  expect(rig.ends[0]?.record.sentence).toContain("after a second look since many expired together");
});

test("WebSockets that expire together are asked again, and those that answer live", async () => {
  const rig = new GuardRig(OPTIONS);
  const many = Array.from({ length: 200 }, () => rig.webSocket(false));
  // One after the other they are asked and do not answer, until the verdicts are held.
  const counted = (): number => rig.flock.counters.massExpiries;
  for (let ms = 0; ms < 8_000 && counted() === 0; ms += 25) rig.clock.advance(25);
  expect(counted()).toBe(1);
  const dead = rig.ends.length;
  expect(dead).toBeLessThan(60); // Those before the threshold.
  for (const webSocket of many) {
    webSocket.onAsked = (payload) => {
      webSocket._socket.handle.bytesRead += payload.length;
      queueMicrotask(() => webSocket.emit("pong", payload));
    };
  }
  for (let count = 0; count < 40; count++) {
    rig.clock.advance(100);
    await Promise.resolve();
  }
  expect(rig.ends.length).toBe(dead);
});

test("after a sleep of the machine everybody who can be asked is asked at once", () => {
  const rig = new GuardRig({ timeoutMs: 600_000, intervalMs: 300_000 });
  const webSockets = Array.from({ length: 5 }, () => rig.webSocket());
  const raw = rig.socket();
  rig.clock.advance(400_000);
  const before = webSockets.map(({ pings }) => pings);
  rig.clock.wallAheadMs += 3_600_000;
  rig.clock.advance(3_000);
  const asked = webSockets.filter(({ pings }, index) => pings > (before[index] ?? 0));
  expect(asked.length).toBe(5);
  expect(raw.destroyed).toBe(false);
});

test("a raw peer has its whole timeout again after a sleep that our clock noticed", () => {
  const rig = new GuardRig(OPTIONS);
  rig.socket();
  rig.clock.advance(9_000);
  rig.clock.stall(60_000);
  rig.clock.advance(8_000);
  expect(rig.ends).toEqual([]);
  rig.clock.advance(4_000);
  expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
});

test("a question behind much output has time for the output, too", () => {
  const rig = new GuardRig({ ...OPTIONS, drainTimeoutMs: 30_000 });
  const [little, much] = [rig.webSocket(false), rig.webSocket(false)];
  rig.clock.advance(100);
  // Taken by the kernel, and so on its way, for all that is known here.
  little._socket.handle.bytesWritten += 60_000;
  much._socket.handle.bytesWritten += 70_000;
  rig.clock.advance(9_000);
  expect(rig.told.filter((line) => line.startsWith("end"))).toEqual(["end 1 PEER_SILENT"]);
  rig.clock.advance(19_000);
  expect(rig.ends.length).toBe(1);
  rig.clock.advance(9_000);
  expect(rig.ends.length).toBe(2);
});

test("a WebSocket that is closing is not asked any more", () => {
  const rig = new GuardRig(OPTIONS);
  const webSocket = rig.webSocket(false);
  webSocket.close();
  rig.clock.advance(9_900);
  expect(webSocket.pings).toBe(0);
  expect(rig.ends).toEqual([]);
  rig.clock.advance(rig.boundMs - 9_900);
  expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
});

test("one that a listener closes in the very pass of a question is not asked", () => {
  const rig = new GuardRig({ ...OPTIONS, intervalMs: 1_000, answerWithinMs: 4_000 });
  const webSocket = rig.webSocket(false);
  rig.clock.advance(1_050);
  expect(webSocket.pings).toBe(1);
  rig.flock.events.on("suspect", () => webSocket.close());
  rig.clock.stall(3_000); // Doubt and the next question are due together.
  rig.clock.advance(100);
  expect(rig.told).toEqual(["suspect 1"]);
  expect(webSocket.pings).toBe(1);
});

test("output that only encryption made wait is no sign of life", () => {
  const rig = new GuardRig(OPTIONS);
  const webSocket = rig.webSocket(false);
  const { handle } = webSocket._socket;
  // As of TLS in the turn of a write: queued above, and taken below.
  Object.defineProperty(webSocket._socket, "writableLength", { get: () => 50 });
  for (let at = 0; at < rig.boundMs; at += 100) {
    handle.bytesWritten += 70;
    rig.clock.advance(100);
  }
  expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
});

test("suspicion is told once, and told to be over once", () => {
  const rig = new GuardRig(OPTIONS);
  const socket = rig.socket();
  const stats = (): object => rig.flock.counters.stats(rig.flock.size);
  rig.clock.advance(8_500);
  expect(rig.told).toEqual(["suspect 1"]);
  expect(stats()).toMatchObject({ suspects: 1, suspicions: 1 });
  socket.waitingBytes += 1;
  rig.clock.advance(1_500);
  expect(rig.told).toEqual(["suspect 1", "alive 1"]);
  expect(stats()).toMatchObject({ suspects: 0, suspicions: 1 });
  rig.clock.advance(20_000);
  expect(rig.told).toEqual(["suspect 1", "alive 1", "suspect 1", "end 1 PEER_SILENT"]);
  expect(stats()).toMatchObject({ open: 0, judged: 0, notJudged: 0, suspects: 0 });
});

test("a listener that throws, or stops the guard, does no harm", () => {
  const rig = new GuardRig(OPTIONS);
  rig.socket();
  rig.socket();
  rig.flock.events.on("suspect", () => {
    throw new Error("a bug of the application");
  });
  rig.clock.advance(9_000);
  expect(rig.reported).toMatchObject([{ message: "a bug of the application" }, {}]);
  rig.flock.events.on("end", () => rig.flock.release());
  rig.clock.advance(9_000);
  expect(rig.ends.length).toBe(1);
  expect(rig.flock.size).toBe(0);
  expect(rig.clock.alarmCount).toBe(0);
});

test("with nobody to guard there is no timer", () => {
  const rig = new GuardRig(OPTIONS);
  expect(rig.clock.alarmCount).toBe(0);
  const socket = rig.socket();
  expect(rig.clock.alarmCount).toBe(1);
  socket.destroy();
  return new Promise<void>((resolve) => {
    socket.once("close", () => {
      expect(rig.clock.alarmCount).toBe(0);
      expect(rig.ends).toMatchObject([{ record: { code: "CLOSED_HERE" } }]);
      resolve();
    });
  });
});

test("acknowledgements further apart than suspicion lasts are seen", async () => {
  const rig = new GuardRig({ timeoutMs: 60_000 });
  const silent = rig.socket();
  silent.handle.bytesWritten = 0;
  rig.clock.advance(0);
  // A megabyte in the kernel, of which a step of 90 KB is acknowledged each 13 seconds.
  silent.handle.bytesWritten = 1_000_000;
  let ackedBytes = 0;
  rig.kernel.unackedBytes = () => silent.handle.bytesWritten - ackedBytes;
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      rig.clock.advance(1_000);
      await Promise.resolve();
    }
  };
  for (let step = 0; step < 10; step++) {
    await pass(13);
    ackedBytes += 90_000;
    // Nobody asks the kernel before it was quiet for a while.
    if (step === 1) expect(rig.kernel.readings).toBe(0);
  }
  expect(rig.ends).toEqual([]);
  await pass(90);
  expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT", reset: true } }]);
});

test("a frozen peer whose kernel acknowledges our pings is found all the same", async () => {
  const rig = new GuardRig({ timeoutMs: 10_000, intervalMs: 1_000, answerWithinMs: 5_000 });
  const webSocket = rig.webSocket(false);
  rig.kernel.unackedBytes = () => 0;
  for (let step = 0; step < 80 && rig.ends.length === 0; step++) {
    rig.clock.advance(100);
    await Promise.resolve();
  }
  expect(webSocket.pings).toBeGreaterThan(3);
  expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
});
