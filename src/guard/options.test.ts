import { expect, test } from "vitest";
import { type GuardOptions, resolveGuard } from "./options.ts";

test("by default a minute, half of it to the question, and the answer as measured", () => {
  expect(resolveGuard(undefined)).toMatchObject({
    timeoutMs: 60_000,
    intervalMs: 30_000,
    unaskedMs: 60_000,
    drainTimeoutMs: 60_000,
    lookMs: 7_500,
    monitor: { answerWithinMs: false, drainTimeoutMs: 60_000 },
    reaper: { tickMs: 25, stallToleranceMs: 250, answerWithinMs: false },
    ping: undefined,
    kernel: {
      keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
      userTimeoutMs: false,
    },
    recordsMax: 1_000,
  });
});

const TIMES: readonly [GuardOptions, Partial<Record<string, number | false | undefined>>][] = [
  // Question and answer always fit into the timeout.
  [{ timeoutMs: 8_000 }, { intervalMs: 4_000, answerWithinMs: 4_000, unaskedMs: 8_000 }],
  [{ timeoutMs: 101 }, { intervalMs: 50, answerWithinMs: 51, unaskedMs: 101, lookMs: 25 }],
  [{ timeoutMs: 300_000 }, { intervalMs: 30_000, answerWithinMs: false }],
  [{ timeoutMs: 44_000, intervalMs: 30_000 }, { answerWithinMs: 14_000 }],
  [
    { timeoutMs: 60_000, answerWithinMs: 20_000 },
    { intervalMs: 30_000, answerWithinMs: 20_000 },
  ],
  // Asked only before a verdict.
  [{ intervalMs: false }, { intervalMs: undefined, answerWithinMs: false, unaskedMs: 45_000 }],
  [
    { timeoutMs: 8_000, intervalMs: false },
    { intervalMs: undefined, answerWithinMs: 4_000, unaskedMs: 4_000 },
  ],
  [
    { intervalMs: false, answerWithinMs: 2_000 },
    { answerWithinMs: 2_000, unaskedMs: 58_000 },
  ],
];

test.each(TIMES)("%j", (options, times) => {
  const { monitor, ...config } = resolveGuard(options);
  expect({ ...config, answerWithinMs: monitor.answerWithinMs }).toMatchObject(times);
});

test("the time for an answer is measured only where the longest of it fits", () => {
  for (let timeoutMs = 100; timeoutMs <= 100_000; timeoutMs += 99) {
    const { intervalMs, monitor, unaskedMs } = resolveGuard({ timeoutMs });
    const answerMs = monitor.answerWithinMs === false ? 15_000 : monitor.answerWithinMs;
    expect((intervalMs ?? unaskedMs) + answerMs).toBeLessThanOrEqual(timeoutMs);
  }
});

const REFUSALS: readonly [object, string][] = [
  [{ timeoutMs: 99 }, "`timeoutMs` must be a whole number from 100 to 86400000, got 99"],
  [{ timeoutMs: 1_000, intervalMs: 1_000 }, "`intervalMs` (1000) must leave some of `timeoutMs`"],
  [
    { timeoutMs: 1_000, intervalMs: 600, answerWithinMs: 500 },
    "`answerWithinMs` (500) must fit into what is left of `timeoutMs` (1000) after " +
      "`intervalMs` (600): 400 at the most",
  ],
  [{ drainTimeoutMs: true }, "`drainTimeoutMs` must be a whole number from 100 to 86400000, or"],
  [{ interval: 5 }, "`interval` is not an option; known are `timeoutMs`"],
  [{ keepalive: { idleMs: 500 } }, "guard.keepalive: `idleMs` must be a whole number"],
  [{ observe: "log" }, "`observe` must be a function"],
  [{ recordsMax: -1 }, "`recordsMax` must be a whole number from 0 to 1000000, got -1"],
];

test.each(REFUSALS)("%j is refused", (options, said) => {
  expect(() => resolveGuard(options)).toThrow(said);
});
