/** What a simulated kernel does about silence, against the formulas of Linux. */
import { expect, test } from "vitest";
import { SimPair } from "../../test/support/sim-pair.ts";

const KEEPALIVE = { idleMs: 60_000, intervalMs: 10_000, count: 5 };

function cut(pair: SimPair): void {
  pair.clientHost.path.cutUp = true;
  pair.clientHost.path.cutDown = true;
}

function heal(pair: SimPair): void {
  pair.clientHost.path.cutUp = false;
  pair.clientHost.path.cutDown = false;
}

/** Writes until a write is refused. */
function fill(pair: SimPair): void {
  const piece = new Uint8Array(16 * 1024);
  while (pair.left.transport.write(piece));
}

test("a write into the void succeeds, and after 15 retries the kernel gives up", () => {
  const pair = SimPair.connected();
  cut(pair);
  expect(pair.left.write("x")).toBe(true);
  pair.pass(924_000);
  expect(pair.left.lines).toEqual([]);
  pair.pass(1_000);
  expect(pair.left.lines).toEqual(["924600 closed ETIMEDOUT"]);
  expect(pair.told("flow-closed", "client")).toMatchObject([
    { how: "kernel-timeout", bytesLeft: 1 },
  ]);
});

test("TCP_USER_TIMEOUT ends the wait for an acknowledgement", () => {
  const pair = SimPair.connected({ userTimeoutMs: 30_000 });
  cut(pair);
  pair.left.write("x");
  pair.pass(60_000);
  expect(pair.left.lines).toEqual(["30000 closed ETIMEDOUT"]);
});

test("TCP_USER_TIMEOUT counts anew with each acknowledgement", () => {
  const pair = SimPair.connected({ userTimeoutMs: 30_000 });
  for (let beat = 0; beat < 5; beat++) {
    cut(pair);
    pair.left.write("x");
    pair.pass(20_000);
    heal(pair);
    // The next retry, or the one after it, is later than the healing by as long as it was cut.
    pair.pass(30_000);
  }
  expect([pair.left.lines, pair.right.text]).toEqual([[], "xxxxx"]);
});

test("keepalive finds an idle half-open connection after idle + count * interval", () => {
  const pair = SimPair.connected({ keepalive: KEEPALIVE });
  cut(pair);
  pair.pass(200_000);
  expect(pair.left.lines).toEqual(["110000 closed ETIMEDOUT"]);
});

test("keepalive leaves a living peer alone, also a frozen one", () => {
  const pair = SimPair.connected({ keepalive: KEEPALIVE }, { keepalive: KEEPALIVE });
  pair.serverHost.process?.freeze();
  pair.pass(3_600_000);
  expect([pair.left.lines, pair.right.lines]).toEqual([[], []]);
});

test("keepalive keeps still while anything is unacknowledged", () => {
  const pair = SimPair.connected({ keepalive: KEEPALIVE });
  cut(pair);
  pair.left.write("x");
  pair.pass(900_000);
  expect(pair.left.lines).toEqual([]);
});

test("with TCP_USER_TIMEOUT that decides, instead of the number of probes", () => {
  const pair = SimPair.connected({ keepalive: KEEPALIVE, userTimeoutMs: 75_000 });
  cut(pair);
  pair.pass(200_000);
  expect(pair.left.lines).toEqual(["80000 closed ETIMEDOUT"]);
});

test("dialling into silence fails after two minutes, and where nobody listens at once", () => {
  const pair = SimPair.strangers();
  const refused = pair.dial();
  pair.pass(1);
  expect(refused).toEqual(["0 cannot reach tcp://server: connect ECONNREFUSED"]);
  cut(pair);
  const silent = pair.dial();
  expect(pair.clientHost.process?.dialsUnderWay()).toBe(1);
  pair.pass(300_000);
  expect(silent).toEqual(["127001 cannot reach tcp://server: connect ETIMEDOUT"]);
  expect(pair.clientHost.process?.dialsUnderWay()).toBe(0);
});

test("a lost SYN is sent again after 1, 3 and 7 seconds", () => {
  const pair = SimPair.strangers();
  pair.listen();
  cut(pair);
  const outcome = pair.dial();
  pair.pass(4_000);
  heal(pair);
  pair.pass(10_000);
  expect(outcome).toEqual(["7000 opened"]);
});

test("a handshake whose last packet is lost ends well for both", () => {
  const pair = SimPair.strangers();
  pair.listen();
  pair.clientHost.path.delayMs = 10;
  const outcome = pair.dial();
  pair.timeline.at(15, () => {
    pair.clientHost.path.cutUp = true;
  });
  pair.pass(900);
  expect([outcome, pair.told("flow-open", "server")]).toEqual([["20 opened"], []]);
  heal(pair);
  pair.pass(10_000);
  pair.left.write("x");
  pair.pass(20);
  expect(pair.right.text).toBe("x");
});

test("a frozen server is dialled with success", () => {
  const pair = SimPair.strangers();
  pair.listen();
  pair.serverHost.process?.freeze();
  const outcome = pair.dial();
  pair.pass(100);
  expect(outcome).toEqual(["0 opened"]);
  pair.left.write("waits");
  pair.pass(10_000);
  pair.serverHost.process?.thaw();
  pair.pass(0);
  expect(pair.right.text).toBe("waits");
});

test("the queue of a frozen server fills up; who comes later knocks again", () => {
  const pair = SimPair.strangers();
  pair.listen();
  pair.serverHost.process?.freeze();
  const outcomes = Array.from({ length: 520 }, () => pair.dial());
  pair.pass(500);
  expect(outcomes.filter(({ length }) => length > 0)).toHaveLength(511);
  pair.serverHost.process?.thaw();
  pair.pass(1_000);
  expect(outcomes.at(-1)).toEqual(["1000 opened"]);
});

test("a reader that pauses shuts the window; probes keep the connection for ever", () => {
  const pair = SimPair.connected();
  pair.right.transport.pause();
  fill(pair);
  pair.pass(3_600_000);
  expect([pair.left.lines, pair.left.transport.unsentBytes > 0]).toEqual([["0 drained"], false]);
  fill(pair);
  const answers: unknown[] = [];
  pair.left.transport.readUnacked((bytes, isShut) => answers.push(bytes, isShut));
  pair.pass(3_600_000);
  expect(answers).toEqual([256 * 1024, true]);
  expect(pair.left.lines).toEqual(["0 drained"]);
  pair.right.transport.resume();
  pair.pass(1);
  expect(pair.left.lines).toEqual(["0 drained", "7200000 drained"]);
  expect(pair.told("late-bytes")).toEqual([]);
});

test("a shut window is no excuse for TCP_USER_TIMEOUT", () => {
  const pair = SimPair.connected({ userTimeoutMs: 70_000 });
  pair.right.transport.pause();
  fill(pair);
  pair.pass(60_000);
  expect(pair.left.lines).toEqual(["0 drained"]);
  pair.pass(20_000);
  expect(pair.left.lines).toEqual(["0 drained", "70200 closed ETIMEDOUT"]);
});

test("a window that opens while its news is lost is found by a probe", () => {
  const pair = SimPair.connected();
  pair.right.transport.pause();
  fill(pair);
  pair.pass(10_000);
  cut(pair);
  pair.right.transport.resume();
  pair.pass(100);
  heal(pair);
  pair.pass(20_000);
  expect(pair.left.transport.unsentBytes).toBe(0);
  expect(pair.told("acked", "client").at(-1)?.unackedBytes).toBe(0);
});

test("half a close leaves the other direction open", () => {
  const pair = SimPair.connected();
  pair.left.write("last words");
  pair.left.transport.finish();
  pair.pass(1_000);
  expect([pair.right.text, pair.right.lines]).toEqual(["last words", ["0 finished"]]);
  pair.right.write("still here");
  pair.pass(1_000);
  pair.right.transport.finish();
  pair.pass(1_000);
  expect([pair.left.text, pair.left.lines]).toEqual([
    "still here",
    ["2000 finished", "2000 closed in order"],
  ]);
  expect(pair.told("flow-closed").map(({ how }) => how)).toEqual(["closed", "closed"]);
  pair.pass(120_000);
  expect([pair.clientHost.flows(), pair.serverHost.flows()]).toEqual([[], []]);
});

test("what was written before close arrives, although nobody waits for it", () => {
  const pair = SimPair.connected();
  cut(pair);
  pair.left.write("posthumous");
  pair.left.transport.close();
  pair.pass(5_000);
  heal(pair);
  pair.pass(60_000);
  expect([pair.right.text, pair.right.lines.length]).toEqual(["posthumous", 1]);
});

test("closing with bytes unread resets, as Linux does", () => {
  const pair = SimPair.connected();
  pair.left.transport.pause();
  pair.right.write("unread");
  pair.pass(1);
  pair.left.transport.close();
  pair.pass(1);
  expect(pair.right.lines).toEqual(["1 closed ECONNRESET"]);
  expect(pair.told("flow-closed", "client")).toMatchObject([{ how: "closed", bytesLeft: 6 }]);
});

test("a reset that is lost shows when the peer speaks", () => {
  const pair = SimPair.connected();
  cut(pair);
  pair.left.transport.reset();
  pair.pass(1);
  heal(pair);
  pair.pass(60_000);
  expect(pair.right.lines).toEqual([]);
  pair.right.write("hello?");
  pair.pass(1);
  expect(pair.right.lines).toEqual(["60001 closed ECONNRESET"]);
});

test("after a power cut there is silence, after the boot RST for what nobody remembers", () => {
  const pair = SimPair.connected();
  pair.clientHost.powerOff();
  pair.right.write("anybody?");
  pair.pass(2_000);
  expect([pair.right.lines, pair.told("flow-closed", "client").length]).toEqual([[], 1]);
  pair.clientHost.powerOn();
  pair.pass(2_000);
  expect(pair.right.lines).toEqual(["3000 closed ECONNRESET"]);
});

test("whoever does not read learns of a reset by writing only", () => {
  const pair = SimPair.connected();
  pair.left.transport.pause();
  pair.right.transport.reset();
  pair.pass(10_000);
  expect(pair.left.lines).toEqual([]);
  expect(pair.left.write("x")).toBe(false);
  pair.pass(0);
  expect(pair.left.lines).toEqual(["10000 closed ECONNRESET"]);
});

test("a full pipe: the rest waits in the process, in order, and is drained once", () => {
  const pair = SimPair.connected();
  pair.right.transport.pause();
  fill(pair);
  pair.pass(1_000);
  fill(pair);
  pair.pass(60_000);
  expect(pair.left.lines).toEqual(["0 drained"]);
  pair.right.transport.resume();
  pair.pass(0);
  expect(pair.left.lines).toEqual(["0 drained", "61000 drained"]);
});

test("what was lost is late, and says how late", () => {
  const pair = SimPair.connected();
  cut(pair);
  pair.left.write("x");
  pair.pass(2_900); // Retries come after 200, 600, 1,400 and 3,000 ms.
  heal(pair);
  pair.pass(10_000);
  expect(pair.told("late-bytes")).toMatchObject([{ side: "server", tookMs: 3_000 }]);
});

test("bytes that wait behind lost ones are late, too, however many there are", () => {
  const pair = SimPair.connected();
  cut(pair);
  pair.left.transport.write(new Uint8Array(250_000));
  pair.pass(5_000);
  heal(pair);
  pair.pass(20_000);
  const late = pair.told("late-bytes").map(({ tookMs }) => tookMs);
  expect(late.length).toBe(pair.told("arrived", "server").length);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(6_200);
});

test("an end that its process has not seen go is told of when the process dies", () => {
  const pair = SimPair.connected();
  pair.clientHost.process?.freeze();
  pair.right.transport.reset();
  pair.pass(1);
  expect(pair.told("flow-closed", "client")).toEqual([]);
  pair.clientHost.crashProcess();
  expect(pair.told("flow-closed", "client")).toMatchObject([{ how: "process-gone" }]);
});

test("what a process had closed before it crashed still arrives", () => {
  const pair = SimPair.connected();
  cut(pair);
  pair.left.write("last will");
  pair.left.transport.close();
  pair.clientHost.crashProcess();
  heal(pair);
  pair.pass(10_000);
  expect(pair.right.text).toBe("last will");
});
