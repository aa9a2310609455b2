import { expect, test } from "vitest";
import {
  beatsInStep,
  deadUnasked,
  judgedBeforeReading,
  kernelsAreAlive,
  longerThanAnnounced,
  movementIgnored,
  pauseIgnored,
  sendingIsHearing,
  writingIsMoving,
} from "./planted/liveness-bugs.ts";
import { complaints, complaintsWith, type Plant } from "./planted/planting.ts";
import { fault, smallWorld } from "./planted/small-worlds.ts";

const QUICK = { heartbeat: { intervalMs: 2_000, answerWithinMs: 2_000 } };
const FIVE = { heartbeat: { intervalMs: 5_000, answerWithinMs: 5_000 } };

const cut = smallWorld({
  connect: QUICK,
  events: [fault("outage", 60, 200, ["client-1"])],
  link: { sendEveryMs: 1_000 },
});
// A quarter of a MiB on its way to the server takes longer than an answer may.
const clogged = smallWorld({
  clients: 1,
  minutes: 3,
  dialect: "line",
  connect: {
    heartbeat: { intervalMs: 2_000, answerWithinMs: 12_000 },
    drainTimeoutMs: 12_000,
    outboxBytesMax: 2 ** 21,
  },
  listen: { timeoutMs: 60_000 },
  link: { sendEveryMs: 60, sendBytesMax: 60_000 },
  events: [fault("bufferbloat", 30, 100, ["client-1"], { queueMs: 3_500 })],
});
const frozen = smallWorld({
  connect: { heartbeat: { intervalMs: 1_000 } },
  link: { path: { delayMs: 300, jitterMs: 0, lossRatio: 0 } },
  events: [fault("freeze", 60, 200, ["server-1"])],
});
const stalled = smallWorld({
  dialect: "line",
  connect: { heartbeat: { intervalMs: 700, answerWithinMs: 20_000 }, timeoutMs: 2_000 },
  listen: { timeoutMs: 2_000 },
  minutes: 4,
  // Longer than the timeout and the lateness that is excused, shorter than what is called a sleep.
  events: [fault("stall", 61, 9, ["server-1"]), fault("stall", 101, 9, ["server-1"])],
});
const slow = smallWorld({
  connect: { ...FIVE, inboxBytesMax: 1, pauseMsMax: 60_000 },
  link: { iterates: true },
  server: { pushEveryMs: 500 },
  events: [fault("slow-reader", 60, 40, ["client-1"], { side: "client" })],
});
const crowd = smallWorld({
  clients: 40,
  minutes: 2,
  connect: { heartbeat: { intervalMs: 10_000 } },
});
const quiet = smallWorld({ connect: FIVE });

// Each of them is a mistake that somebody may make one day, and the checker that would find it.
test.each<[string, Plant, string, ReturnType<typeof smallWorld>]>([
  ["5.1 sending counts as hearing", sendingIsHearing, "death-in-bound", cut],
  ["5.2 a gap longer than announced", longerThanAnnounced, "lease", quiet],
  ["5.3 dead without being asked", deadUnasked, "false-death", cut],
  ["5.4 a write counts as output that moved", writingIsMoving, "death-in-bound", cut],
  ["5.4 output that moved is no news", movementIgnored, "false-death", clogged],
  ["5.4 a frozen process lives by its kernel", kernelsAreAlive, "death-in-bound", frozen],
  ["5.5 judged before reading", judgedBeforeReading, "false-death", stalled],
  ["5.10 the first beats in step", beatsInStep, "phase-spread", crowd],
  ["5.11 a pause of ours is held against the peer", pauseIgnored, "false-death", slow],
])("%s", async (_, plant, checker, world) => {
  const found = await complaintsWith(plant, [world]);
  expect([...found.keys()]).toContain(checker);
  expect([...(await complaints([world]))]).toEqual([]);
});
