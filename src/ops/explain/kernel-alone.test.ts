import { expect, test } from "vitest";
import type { KernelConfig } from "../../transports/transport.ts";
import { idleAlone, resetAlone, shutWindowAlone, unacknowledgedAlone } from "./kernel-alone.ts";

function kernel(
  keepalive: readonly [idle: number, interval: number, count: number] | false,
  userTimeoutMs: number | false,
): KernelConfig {
  const [idleMs = 0, intervalMs = 0, count = 0] = keepalive === false ? [] : keepalive;
  return {
    keepalive: keepalive === false ? false : { idleMs, intervalMs, count },
    userTimeoutMs,
    userTimeoutAsked: false,
    keepaliveAsked: false,
  };
}

const NEVER = { found: { kind: "never" } };

// The first three were measured between network namespaces: after 4.8 s, 2.7 s and 3.8 s.
test.each([
  [kernel([2_000, 1_000, 3], false), 5_000],
  [kernel([2_000, 1_000, 3], 3_000), 3_000],
  [kernel([2_000, 1_000, 10], 4_000), 4_000],
  [kernel([60_000, 10_000, 5], false), 110_000],
  [kernel([60_000, 10_000, 5], 70_000), 70_000],
  [kernel([60_000, 10_000, 5], 75_000), 80_000],
  [kernel([60_000, 10_000, 5], 20_000), 70_000],
])("an idle connection under %j is given up after %i ms", (config, ms) => {
  expect(idleAlone(config).found).toMatchObject({ kind: "within", ms });
});

test("unacknowledged data: the user timeout, or all retransmissions of Linux", () => {
  expect(unacknowledgedAlone(kernel(false, 3_000)).found).toMatchObject({ ms: 3_000 });
  // 0.2 s doubled nine times, then six times the cap of 120 s.
  const doubled = Array.from({ length: 10 }, (_, at) => 200 * 2 ** at);
  const ms = doubled.reduce((total, one) => total + one, 6 * 120_000);
  expect(unacknowledgedAlone(kernel(false, false)).found).toMatchObject({ ms });
});

test("off is off", () => {
  expect(idleAlone(kernel(false, 70_000))).toMatchObject(NEVER);
  expect(resetAlone(kernel(false, false))).toMatchObject(NEVER);
  expect(shutWindowAlone(kernel([60_000, 10_000, 5], false))).toMatchObject(NEVER);
  expect(shutWindowAlone(kernel(false, 70_000)).found).toMatchObject({ ms: 70_000 });
  expect(resetAlone(kernel([60_000, 10_000, 5], false)).found).toMatchObject({ ms: 60_000 });
});
