/** Adaptive links behind boxes that forget: the whole of it, from ping to verdict to memory. */
import { expect, test } from "vitest";
import type { FaultKind, SimEvent } from "../../src/simulation/sim-event.ts";
import type { HeartbeatOptions } from "../../src/liveness/options.ts";
import { CHECKERS } from "../../src/simulation/checkers.ts";
import type { Plan } from "../../src/simulation/plan.ts";
import { simulate } from "../../src/simulation/run.ts";
import { everyone, fault, onPages, smallWorld } from "./planted/small-worlds.ts";

const CLIENTS = 5;
const HOURS = 12;
const RANGE = { intervalMsMin: 5_000, intervalMsMax: 600_000 };

interface Outcome {
  readonly lost: number;
  readonly pings: number;
  /** The last interval of each link. */
  readonly intervalsMs: readonly number[];
  readonly taken: ReadonlySet<string>;
}

async function live(
  heartbeat: HeartbeatOptions,
  box: FaultKind,
  timeoutMs: number,
  settle: (plan: Plan) => Plan = (plan) => plan,
): Promise<Outcome> {
  // A fixed interval has the kernel's probes beside it, which would keep the path awake.
  const keepalive = heartbeat.adaptive === undefined ? false : undefined;
  const intervals = new Map<string, number>();
  const taken = new Set<string>();
  let lost = 0;
  const onEvent = (event: SimEvent): void => {
    if (event.what === "flow-lost") lost += 1;
    if (event.what !== "observed" || !event.observation.startsWith("interval")) return;
    intervals.set(event.host, event.count);
    const why = event.observation.split("taken for ")[1];
    if (why !== undefined) taken.add(why);
  };
  const plan = smallWorld({
    clients: CLIENTS,
    minutes: 60 * HOURS,
    connect: { heartbeat, keepalive, redial: { attemptsMax: false } },
    listen: { leaseMsMax: 600_000 },
    events: [fault(box, 0, 3_600 * HOURS, everyone(CLIENTS), { timeoutMs, sweepMs: 500 })],
  });
  const report = await simulate(settle(plan), { checkers: CHECKERS, onEvent });
  expect(report.findings).toEqual([]);
  const pings = report.figures.pingsSent.client;
  return { lost, pings, intervalsMs: [...intervals.values()], taken };
}

/** Below what the box forgets after, but not by much, and after few losses. */
function expectSettled({ lost, pings, intervalsMs }: Outcome): void {
  expect(intervalsMs).toHaveLength(CLIENTS);
  for (const intervalMs of intervalsMs) {
    expect(intervalMs).toBeLessThan(100_000);
    expect(intervalMs).toBeGreaterThan(80_000);
  }
  // One to find out, and some to close in; a day has 864 gaps of 100 s.
  expect(lost / CLIENTS).toBeLessThanOrEqual(6);
  expect(pings / CLIENTS).toBeLessThan((1.25 * HOURS * 3_600) / 100);
}

test.each([
  ["mapping-lost-silent", "swallowed"],
  ["mapping-lost-reset", "reset-on-send"],
  ["expired-reset", "cut-while-idle"],
  ["expired-finish", "cut-while-idle"],
] as const)(
  "%s after 100 s: the interval settles below, at the cost of few flows",
  async (box, why) => {
    const outcome = await live({ adaptive: RANGE }, box, 100_000);
    expect([...outcome.taken]).toContain(why);
    expectSettled(outcome);
  },
);

test("a page, which is told of no reset, settles below where a box answers by one", async () => {
  const outcome = await live({ adaptive: RANGE }, "mapping-lost-reset", 100_000, onPages);
  expect([...outcome.taken]).toContain("reset-on-send");
  expectSettled(outcome);
});

test("a fixed interval above the timeout loses a flow with almost every gap", async () => {
  const { lost } = await live({ intervalMs: 150_000 }, "mapping-lost-silent", 100_000);
  expect(lost / CLIENTS).toBeGreaterThan(100);
});

test("where nothing forgets, the interval is the longest that was allowed", async () => {
  const { lost, intervalsMs } = await live({ adaptive: RANGE }, "mapping-lost-silent", 7_200_000);
  expect(lost).toBe(0);
  for (const intervalMs of intervalsMs) expect(intervalMs).toBe(600_000);
});
