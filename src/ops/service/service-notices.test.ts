import { expect, test } from "vitest";
import { type Instant, later } from "../../base/time.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import type { NotifyChannel } from "./notify-channel.ts";
import { ServiceManager } from "./service-manager.ts";
import { readWatchdog, ServiceNotices } from "./service-notices.ts";

const T0 = 0 as Instant;
const at = (ms: number): Instant => later(T0, ms);
const well = { lateMs: 0, status: "1 open" };

test("it is ready, reloads and is ready again, stops once", () => {
  const notices = new ServiceNotices({ watchdogMs: undefined });
  expect(notices.reloading(1n)).toBeUndefined();
  expect(notices.ready("0 open", T0)).toBe("READY=1\nSTATUS=0 open");
  expect(notices.reloading(123_456n)).toBe("RELOADING=1\nMONOTONIC_USEC=123456");
  expect(notices.reloading(123_457n)).toBeUndefined();
  expect(notices.reloaded("1 open", T0)).toBe("READY=1\nSTATUS=1 open");
  expect(notices.reloaded("1 open", T0)).toBeUndefined();
  expect(notices.stopping("draining:\n 1 open", T0)).toBe("STOPPING=1\nSTATUS=draining: 1 open");
  expect(notices.stopping("again", T0)).toBeUndefined();
  expect(notices.reloading(1n)).toBeUndefined();
});

test("the watchdog hears of it three times within its time, from ready on", () => {
  const notices = new ServiceNotices({ watchdogMs: 30_000 });
  expect(notices.deadline()).toBeUndefined();
  notices.ready("1 open", T0);
  expect(notices.deadline()).toBe(10_000);
  expect(notices.poll(at(9_999), () => well)).toBeUndefined();
  expect(notices.poll(at(10_000), () => well)).toBe("WATCHDOG=1");
  expect(notices.poll(at(10_000), () => well)).toBeUndefined();
  expect(notices.poll(at(20_000), () => ({ ...well, status: "2 open" }))).toBe(
    "WATCHDOG=1\nSTATUS=2 open",
  );
});

test("who finds the reaper late says nothing, and looks again soon", () => {
  const notices = new ServiceNotices({ watchdogMs: 30_000 });
  notices.ready("1 open", T0);
  expect(notices.poll(at(10_000), () => ({ ...well, lateMs: 10_001 }))).toBeUndefined();
  expect(notices.deadline()).toBe(11_000);
  expect(notices.poll(at(11_000), () => ({ ...well, lateMs: 11_001 }))).toBeUndefined();
  expect(notices.poll(at(12_000), () => ({ ...well, lateMs: 10_000 }))).toBe("WATCHDOG=1");
  expect(notices.deadline()).toBe(22_000);
});

test("without a watchdog a status is told when it has changed, twice a minute at most", () => {
  const notices = new ServiceNotices({ watchdogMs: undefined });
  notices.ready("1 open", T0);
  expect(notices.poll(at(29_999), () => ({ ...well, status: "2 open" }))).toBeUndefined();
  expect(notices.poll(at(30_000), () => well)).toBeUndefined();
  expect(notices.poll(at(60_000), () => ({ ...well, status: "2 open" }))).toBe("STATUS=2 open");
  expect(notices.ready("x".repeat(500), T0)).toHaveLength("READY=1\nSTATUS=".length + 200);
});

test("the watchdog's variables are for one process, and numbers", () => {
  expect(readWatchdog({ WATCHDOG_USEC: "30000000" }, 42)).toBe(30_000);
  expect(readWatchdog({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }, 42)).toBe(30_000);
  expect(readWatchdog({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "41" }, 42)).toBeUndefined();
  expect(readWatchdog({}, 42)).toBeUndefined();
  for (const wrong of ["0", "-1", "soon", "1.5"]) {
    expect(readWatchdog({ WATCHDOG_USEC: wrong }, 42)).toBe(
      `WATCHDOG_USEC: expected a number of microseconds, got "${wrong}"`,
    );
  }
});

test("one timer on the clock of the service, and none after the end", async () => {
  const clock = new ManualClock();
  const sent: string[] = [];
  const channel: NotifyChannel = {
    by: "koffi",
    send: (words) => void sent.push(words),
    flushed: () => Promise.resolve(),
  };
  const notices = new ServiceNotices({ watchdogMs: 3_000 });
  const service = new ServiceManager(notices, channel, { clock, monotonicUs: () => 7n });
  let lateMs = 0;
  service.ready(() => ({ lateMs, status: "1 open" }));
  clock.advance(3_500);
  expect(sent).toEqual(["READY=1\nSTATUS=1 open", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
  sent.length = 0;
  lateMs = 1_001;
  clock.advance(10_000);
  expect(sent).toEqual([]);
  lateMs = 0;
  clock.advance(1_000);
  expect(sent).toEqual(["WATCHDOG=1"]);
  service.reloading();
  service.reloaded();
  service.stopping("draining");
  expect(sent.slice(1)).toEqual([
    "RELOADING=1\nMONOTONIC_USEC=7",
    "READY=1\nSTATUS=1 open",
    "STOPPING=1\nSTATUS=draining",
  ]);
  await service.close();
  clock.advance(60_000);
  expect(sent).toHaveLength(4);
});
