import { expect, test } from "vitest";
import {
  begunForgotten,
  halfAnnounced,
  judgedAtOnce,
  leftOpen,
  nothingAhead,
  pageJitterAboveCap,
  pingsAreAnswers,
} from "./planted/page-bugs.ts";
import { complaints, complaintsWith, type Plant } from "./planted/planting.ts";
import { fault, onPages, smallWorld } from "./planted/small-worlds.ts";

const QUICK = { heartbeat: { intervalMs: 1_000, answerWithinMs: 2_000 } };

const cut = onPages(
  smallWorld({
    connect: QUICK,
    minutes: 3,
    link: { sendEveryMs: 300 },
    events: [fault("outage", 60, 60, ["client-1"])],
  }),
);
const gone = onPages(
  smallWorld({ connect: QUICK, minutes: 4, events: [fault("host-crash", 60, 60, ["server-1"])] }),
);
// Longer than the answer time and the lateness that is excused, shorter than a sleep.
const stalled = onPages(
  smallWorld({
    connect: QUICK,
    minutes: 4,
    link: { path: { delayMs: 300, jitterMs: 0, lossRatio: 0 } },
    events: [61.5, 101.5, 141.5].map((at) => fault("stall", at, 9, ["client-1"])),
  }),
);
// More than 64 KiB of lines stand before a ping to a server that stands still for a while.
const clogged = onPages(
  smallWorld({
    clients: 1,
    minutes: 6,
    dialect: "line",
    connect: {
      heartbeat: { intervalMs: 10_000, answerWithinMs: 5_000 },
      drainTimeoutMs: 40_000,
      outboxBytesMax: 2 ** 21,
    },
    listen: { timeoutMs: 60_000 },
    link: { sendEveryMs: 300, sendBytesMax: 60_000 },
    events: [61, 133, 207].map((at) => fault("freeze", at, 30, ["server-1"])),
  }),
);
const quiet = onPages(smallWorld({ connect: { heartbeat: { intervalMs: 5_000 } }, minutes: 2 }));

test.each<[string, Plant, string, ReturnType<typeof smallWorld>]>([
  ["5.2 a gap longer than announced", halfAnnounced, "lease", quiet],
  ["5.3 each ping starts the clock for an answer anew", pingsAreAnswers, "death-in-bound", cut],
  ["5.4 what stands before a ping is not counted", nothingAhead, "false-death", clogged],
  ["5.5 judged before reading", judgedAtOnce, "false-death", stalled],
  ["5.7 the dead are not closed", leftOpen, "not-latched", cut],
  ["the message that was begun is not named", begunForgotten, "messages", cut],
  ["jitter above the cap", pageJitterAboveCap, "backoff", gone],
])("on a page: %s", async (_, plant, checker, world) => {
  const found = await complaintsWith(plant, [world]);
  expect([...found.keys()]).toContain(checker);
  expect([...(await complaints([world]))]).toEqual([]);
});
