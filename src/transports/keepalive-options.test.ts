import { expect, test } from "vitest";
import { readKeepalive } from "./keepalive-options.ts";

test("what is not given is the default; false is off", () => {
  const defaults = { idleMs: 60_000, intervalMs: 10_000, count: 5 };
  expect(readKeepalive("keepalive", undefined, undefined)).toEqual(defaults);
  expect(readKeepalive("keepalive", { count: 2 }, false)).toEqual({ ...defaults, count: 2 });
  const given = { idleMs: 1_000, intervalMs: 32_767_000, count: 127 };
  expect(readKeepalive("keepalive", given, undefined)).toEqual(given);
  expect(readKeepalive("keepalive", false, 10_000)).toBe(false);
});

test("the one bound holds idle time and all probes", () => {
  for (let boundMs = 2_000; boundMs <= 200_000; boundMs += 500) {
    const config = readKeepalive("keepalive", undefined, boundMs);
    if (config === false) throw new Error("keepalive is on");
    const { idleMs, intervalMs, count } = config;
    expect(idleMs + intervalMs * count).toBeLessThanOrEqual(boundMs);
    expect([idleMs % 1_000, intervalMs % 1_000]).toEqual([0, 0]);
  }
});

test.each<[unknown, string]>([
  [{ idleMs: 999 }, "`idleMs` must be a whole number from 1000 to 32767000, got 999"],
  [{ idleMs: 1_500 }, "`idleMs` must be whole seconds, in milliseconds, got 1500"],
  [{ intervalMs: 32_767_001 }, "`intervalMs` must be a whole number from 1000 to 32767000"],
  [{ count: 128 }, "`count` must be a whole number from 1 to 127"],
  [{ probes: 1 }, "`probes` is not an option"],
  [true, "expected an object of options, got true"],
])("%o is refused under the name of its group", (options, words) => {
  expect(() => readKeepalive("some.group", options, undefined)).toThrow(`some.group: ${words}`);
});

test("where silence is wanted the first probe comes no sooner than it lasts", () => {
  const idleMs = (quietMs: number): number => {
    const config = readKeepalive("keepalive", undefined, undefined, quietMs);
    return config === false ? 0 : config.idleMs;
  };
  expect(idleMs(20_000)).toBe(60_000);
  expect(idleMs(600_000)).toBe(600_000);
  expect(idleMs(90_500)).toBe(91_000);
  expect(idleMs(86_400_000)).toBe(32_767_000);
  expect(readKeepalive("keepalive", { idleMs: 5_000 }, undefined, 600_000)).toMatchObject({
    idleMs: 5_000,
  });
});
