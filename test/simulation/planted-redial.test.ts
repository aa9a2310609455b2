import { expect, test } from "vitest";
import { complaints, complaintsWith, type Plant } from "./planted/planting.ts";
import {
  attemptWithoutDeadline,
  flappingResets,
  forgottenAlarm,
  jitterAboveCap,
  lostInSilence,
} from "./planted/redial-bugs.ts";
import { fault, smallWorld } from "./planted/small-worlds.ts";

const QUICK = { heartbeat: { intervalMs: 2_000, answerWithinMs: 2_000 } };

const gone = smallWorld({ connect: QUICK, events: [fault("host-crash", 60, 120, ["server-1"])] });
const cut = smallWorld({
  connect: QUICK,
  link: { sendEveryMs: 300 },
  events: [fault("outage", 60, 200, ["client-1"])],
});
const flapping = smallWorld({
  connect: QUICK,
  events: [60, 75, 90, 105].map((at) =>
    fault("server-restart", at, 1, ["server-1"], { how: "crash" }),
  ),
});

test.each<[string, Plant, string, ReturnType<typeof smallWorld>]>([
  ["jitter above the cap", jitterAboveCap, "backoff", gone],
  ["a peer that flaps resets the backoff", flappingResets, "backoff", flapping],
  ["an alarm is forgotten, and the link with it", forgottenAlarm, "not-latched", gone],
  ["an attempt without a deadline", attemptWithoutDeadline, "not-latched", cut],
  ["messages get lost in silence", lostInSilence, "messages", cut],
])("%s", async (_, plant, checker, world) => {
  const found = await complaintsWith(plant, [world]);
  expect([...found.keys()]).toContain(checker);
  expect([...(await complaints([world]))]).toEqual([]);
});
