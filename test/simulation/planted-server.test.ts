import { expect, test } from "vitest";
import { complaints, complaintsWith, type Plant } from "./planted/planting.ts";
import {
  closedPolitely,
  crowdsDie,
  everyPingAnswered,
  impatientKernel,
} from "./planted/server-bugs.ts";
import { everyone, fault, smallWorld } from "./planted/small-worlds.ts";

const QUICK = { heartbeat: { intervalMs: 5_000, answerWithinMs: 5_000 } };

const partitioned = smallWorld({
  clients: 64,
  minutes: 3,
  connect: QUICK,
  listen: { answerWithinMs: 5_000 },
  events: [fault("partition", 60, 60, everyone(64))],
});
const cut = smallWorld({ connect: QUICK, events: [fault("outage", 60, 200, ["client-1"])] });
const deaf = smallWorld({
  clients: 1,
  minutes: 4,
  connect: QUICK,
  server: { pushEveryMs: 200, pushBytesMax: 200_000 },
  others: [
    {
      kind: "plain",
      host: "client-9",
      server: "server-1",
      path: { delayMs: 5, jitterMs: 0, lossRatio: 0 },
      startAtMs: 0,
      intervalMs: 10_000,
      redialMs: 1_000,
      readsAnswers: false,
    },
  ],
});
const flooded = smallWorld({
  clients: 1,
  minutes: 4,
  connect: QUICK,
  events: [fault("flood", 30, 150, ["stranger-1"], { everyMs: 5, line: false })],
});

test.each<[string, Plant, string, ReturnType<typeof smallWorld>]>([
  ["5.6 a crowd dies at once", crowdsDie, "mass-expiry", partitioned],
  ["5.7 the dead are closed politely", closedPolitely, "one-end", cut],
  ["5.8 the kernel is less patient than we", impatientKernel, "kernel-line", deaf],
  ["5.9 every ping is answered", everyPingAnswered, "ping-budget", flooded],
])("%s", async (_, plant, checker, world) => {
  const found = await complaintsWith(plant, [world]);
  expect([...found.keys()]).toContain(checker);
  expect([...(await complaints([world]))]).toEqual([]);
});
