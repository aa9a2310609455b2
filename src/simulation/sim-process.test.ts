import { expect, test } from "vitest";
import { EndLog, PLAIN_KERNEL, SimPair } from "../../test/support/sim-pair.ts";
import { later } from "../base/time.ts";
import type { SimProcess } from "./sim-process.ts";

function clientOf(pair: SimPair): SimProcess {
  const { process } = pair.clientHost;
  if (process === undefined) throw new Error("the client runs");
  return process;
}

test("after a stall alarms ring first, then input is read, then what waited for that", () => {
  const pair = SimPair.connected();
  const process = clientOf(pair);
  const clock = process.clock("test");
  const told: string[] = [];
  pair.left.onTold = (name) => told.push(`${name} ${pair.timeline.nowMs}`);
  clock.wakeAt(later(clock.now(), 100), () => {
    told.push(`alarm ${pair.timeline.nowMs}`);
    clock.afterPoll(() => told.push(`after poll ${pair.timeline.nowMs}`));
  });
  process.stall(5_000);
  pair.timeline.in(50, () => void pair.right.write("x"));
  pair.pass(10_000);
  expect(told).toEqual(["alarm 5000", "bytes 5000", "after poll 5000"]);
  expect(pair.told("arrived", "client")[0]?.atMs).toBe(50);
  expect(process.latenessMs(0, 10_000)).toBe(5_000);
  expect(process.latenessMs(4_000, 4_500)).toBe(500);
});

test("what is asked for while input is read runs after the next pass, not after this one", () => {
  const pair = SimPair.connected();
  const clock = clientOf(pair).clock("test");
  const first = pair.right.transport;
  const told: string[] = [];
  const second = new EndLog(pair.timeline);
  second.onTold = (name) => told.push(`second ${name}`);
  clientOf(pair).open(
    "server",
    PLAIN_KERNEL,
  )({
    onOpened: (attach) => void attach(second),
    onFailed() {},
  });
  pair.pass(1);
  pair.left.onTold = (name) => {
    told.push(`first ${name}`);
    clock.afterPoll(() => told.push("after poll"));
    clientOf(pair).stall(100);
    pair.right.write("arrives during the stall");
  };
  first.write(Uint8Array.of(1));
  pair.pass(1_000);
  expect(told).toEqual(["first bytes", "second bytes", "after poll"]);
});

test("alarms that are always late again do not keep input from being read", () => {
  const pair = SimPair.connected();
  const clock = clientOf(pair).clock("test");
  const beat = (): void => {
    clientOf(pair).stall(100);
    clock.wakeAt(later(clock.now(), 50), beat);
  };
  beat();
  pair.right.write("x");
  pair.pass(300);
  expect(pair.left.text).toBe("x");
});

test("one pass reads all that waits for a connection", () => {
  const pair = SimPair.connected();
  const clock = clientOf(pair).clock("test");
  const told: number[] = [];
  clientOf(pair).stall(1_000);
  pair.right.transport.write(new Uint8Array(120_000));
  clock.wakeAt(later(clock.now(), 10), () => {
    clock.afterPoll(() => told.push(pair.left.bytes.length));
  });
  pair.pass(2_000);
  expect(told).toEqual([120_000]);
});

test("alarms are counted per owner until they ring or are cancelled", () => {
  const pair = SimPair.strangers();
  const process = clientOf(pair);
  const [link, watch] = [process.clock("link"), process.clock("watch")];
  const rang: string[] = [];
  const at = later(link.now(), 10);
  const cancel = link.wakeAt(at, () => rang.push("cancelled"));
  link.wakeAt(at, () => rang.push("link"));
  watch.wakeAt(at, () => rang.push("watch"));
  watch.afterPoll(() => rang.push("after poll"));
  expect([process.armedCount("link"), process.armedCount("watch")]).toEqual([2, 1]);
  cancel();
  cancel();
  expect(process.armedCount("link")).toBe(1);
  pair.pass(20);
  expect(rang).toEqual(["after poll", "link", "watch"]);
  expect([process.armedCount("link"), process.armedCount("watch")]).toEqual([0, 0]);
});

test("a frozen process runs nothing until it is thawed, and its kernel takes input in", () => {
  const pair = SimPair.connected();
  const process = clientOf(pair);
  process.freeze();
  pair.right.write("x");
  pair.pass(60_000);
  expect([pair.left.text, pair.told("arrived", "client").length]).toEqual(["", 1]);
  expect(process.latenessMs(0, 60_000)).toBe(60_000);
  process.thaw();
  pair.pass(0);
  expect(pair.left.text).toBe("x");
});

test("late alarms ring late by no more than was said, and that is lateness", () => {
  const pair = SimPair.strangers();
  const process = clientOf(pair);
  const clock = process.clock("test");
  process.setAlarmLateness(1_000);
  const late: number[] = [];
  for (let index = 1; index <= 50; index++) {
    const wantedMs = index * 5_000;
    clock.wakeAt(later(clock.now(), wantedMs), () => late.push(pair.timeline.nowMs - wantedMs));
  }
  pair.pass(300_000);
  expect(late).toHaveLength(50);
  expect(Math.max(...late)).toBeLessThanOrEqual(1_000);
  expect(Math.max(...late)).toBeGreaterThan(500);
  expect(process.latenessMs(0, 300_000)).toBe(late.reduce((sum, ms) => sum + ms, 0));
});

test.each([true, false])("a machine sleeps; its monotonic clock runs on: %s", (runsOn) => {
  const pair = SimPair.connected();
  const process = clientOf(pair);
  const clock = process.clock("test");
  const [startedAt, wallStartedAt] = [clock.now(), clock.wallNow()];
  const rang: number[] = [];
  clock.wakeAt(later(startedAt, 10_000), () => rang.push(pair.timeline.nowMs));
  pair.pass(1_000);
  pair.clientHost.suspend(60_000, runsOn);
  pair.right.write("into the void");
  pair.pass(59_999);
  expect([rang, pair.told("arrived", "client"), pair.told("acked", "server")]).toEqual([
    [],
    [],
    [],
  ]);
  pair.pass(120_001);
  expect(rang).toEqual([runsOn ? 61_000 : 70_000]);
  expect(clock.now() - startedAt).toBe(runsOn ? 181_000 : 121_000);
  expect(clock.wallNow() - wallStartedAt).toBe(181_000);
  expect(pair.left.text).toBe("into the void");
  expect(process.latenessMs(0, 181_000)).toBe(60_000);
});

test("a kernel timer that comes due in a sleep rings after it, by as much later", () => {
  const pair = SimPair.strangers();
  const rang: string[] = [];
  const note = (name: string): void => void rang.push(`${name} ${pair.timeline.nowMs}`);
  pair.clientHost.kernelIn(500, () => note("before"));
  pair.clientHost.kernelIn(10_000, () => note("during"));
  pair.clientHost.kernelIn(80_000, () => note("after"));
  const cancelled = pair.clientHost.kernelIn(20_000, () => note("cancelled"));
  pair.pass(1_000);
  pair.clientHost.suspend(60_000, true);
  pair.pass(30_000);
  cancelled.cancel();
  pair.pass(300_000);
  expect(rang).toEqual(["before 500", "during 70000", "after 140000"]);
});

test("somebody sets the wall clock; the monotonic one does not care", () => {
  const process = clientOf(SimPair.strangers());
  const clock = process.clock("test");
  const [startedAt, wallStartedAt] = [clock.now(), clock.wallNow()];
  process.stepWall(-3_600_000);
  expect([clock.now() - startedAt, clock.wallNow() - wallStartedAt]).toEqual([0, -3_600_000]);
});

test("nothing of a dead process runs, and its successor starts anew", () => {
  const pair = SimPair.connected();
  const process = clientOf(pair);
  const clock = process.clock("test");
  const ran: string[] = [];
  clock.wakeAt(later(clock.now(), 10), () => ran.push("alarm"));
  clock.afterPoll(() => ran.push("after poll"));
  pair.clientHost.crashProcess();
  pair.pass(1_000);
  expect([ran, pair.left.lines, process.isAlive]).toEqual([[], [], false]);
  expect(pair.right.lines).toEqual(["0 closed ECONNRESET"]);
  expect(pair.clientHost.boot().isAlive).toBe(true);
});

test("a stall ends with the process that it held up", () => {
  const pair = SimPair.strangers();
  clientOf(pair).stall(10_000);
  pair.pass(3_000);
  pair.clientHost.crashProcess();
  pair.clientHost.boot();
  pair.pass(7_000);
  expect(pair.clientHost.latenessMs(0, 10_000)).toBe(3_000);
});

test("what a callback throws is told, and the process goes on", () => {
  const pair = SimPair.connected();
  pair.left.onTold = () => {
    throw new Error("a fault of the listener");
  };
  pair.right.write("a");
  pair.pass(1);
  pair.left.onTold = () => {};
  pair.right.write("b");
  pair.pass(1);
  expect(pair.told("thrown").map(({ host }) => host)).toEqual(["client"]);
  expect(pair.left.text).toBe("ab");
});
