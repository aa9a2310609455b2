import { expect, test } from "vitest";
import { SimPair } from "../../test/support/sim-pair.ts";
import type { MiddleboxConfig } from "./middlebox.ts";

function behind(config: Partial<MiddleboxConfig>): SimPair {
  const pair = SimPair.strangers();
  pair.clientHost.path.middlebox = {
    timeoutMs: 60_000,
    sweepMs: 0,
    expiry: "silent",
    refreshes: "both",
    ...config,
  };
  pair.listen();
  pair.dial();
  pair.pass(0);
  return pair;
}

test("a silent NAT forgets an idle flow, and what is sent then vanishes", () => {
  const pair = behind({});
  pair.pass(61_000);
  expect(pair.told("flow-lost")).toEqual([
    { what: "flow-lost", atMs: 60_000, flow: 1, how: "mapping-lost-silent" },
  ]);
  pair.left.write("from inside");
  pair.right.write("from outside");
  pair.pass(600_000);
  expect([pair.left.text, pair.right.text]).toEqual(["", ""]);
  expect([pair.left.lines, pair.right.lines]).toEqual([[], []]);
});

test("what it forgot stays forgotten when it is taken away", () => {
  const pair = behind({});
  pair.pass(61_000);
  pair.clientHost.path.middlebox = undefined;
  pair.left.write("x");
  pair.pass(10_000);
  expect(pair.right.text).toBe("");
});

test("use keeps a flow alive, in both directions", () => {
  const pair = behind({});
  for (let beat = 0; beat < 10; beat++) {
    pair.pass(50_000);
    (beat % 2 === 0 ? pair.left : pair.right).write("x");
  }
  pair.pass(1);
  expect([pair.left.text, pair.right.text, pair.told("flow-lost")]).toEqual(["xxxxx", "xxxxx", []]);
});

test("with refresh by outbound packets even an acknowledgement from inside counts", () => {
  const pair = behind({ refreshes: "outbound" });
  pair.pass(50_000);
  pair.right.write("x");
  pair.pass(50_000);
  expect(pair.told("flow-lost")).toEqual([]);
  // But what is not answered does not.
  pair.clientHost.suspend(100_000, true);
  pair.right.write("y");
  pair.pass(50_000);
  expect(pair.told("flow-lost")).toMatchObject([{ atMs: 110_000 }]);
});

test("a box that answers resets whoever sends next", () => {
  const pair = behind({ expiry: "reset-on-packet" });
  pair.pass(70_000);
  expect([pair.left.lines, pair.right.lines]).toEqual([[], []]);
  pair.left.write("x");
  pair.pass(1);
  expect([pair.left.lines, pair.right.lines]).toEqual([["70000 closed ECONNRESET"], []]);
  pair.right.write("y");
  pair.pass(1);
  expect(pair.right.lines).toEqual(["70001 closed ECONNRESET"]);
});

test("a load balancer resets both ends of an idle flow", () => {
  const pair = behind({ expiry: "reset" });
  pair.pass(60_000);
  expect(pair.told("flow-lost")).toMatchObject([{ how: "expired-reset" }]);
  expect([pair.left.lines, pair.right.lines]).toEqual([
    ["60000 closed ECONNRESET"],
    ["60000 closed ECONNRESET"],
  ]);
});

test("a proxy says FIN to both ends, and takes their goodbye", () => {
  const pair = behind({ expiry: "finish" });
  pair.pass(60_000);
  expect([pair.left.lines, pair.right.lines]).toEqual([["60000 finished"], ["60000 finished"]]);
  pair.left.transport.finish();
  pair.right.transport.finish();
  pair.pass(200_000);
  expect([pair.left.lines[1], pair.right.lines[1]]).toEqual([
    "60000 closed in order",
    "60000 closed in order",
  ]);
  expect([pair.clientHost.flows(), pair.serverHost.flows()]).toEqual([[], []]);
});

test("a proxy that has closed resets whoever goes on talking", () => {
  const pair = behind({ expiry: "finish" });
  pair.pass(60_000);
  pair.left.write("still there?");
  pair.pass(1);
  expect(pair.left.lines).toEqual(["60000 finished", "60000 closed ECONNRESET"]);
});

test("a sweep finds idle flows at its own times", () => {
  const pair = behind({ sweepMs: 25_000 });
  pair.pass(10_000);
  pair.left.write("x");
  pair.pass(100_000);
  expect(pair.told("flow-lost")).toMatchObject([{ atMs: 75_000 }]);
});

test("all flows may be lost at once, but those that are over are not told of", () => {
  const pair = behind({});
  pair.left.transport.reset();
  pair.pass(1);
  pair.dial();
  pair.pass(1);
  pair.clientHost.path.loseFlows("reset-on-packet");
  expect(pair.told("flow-lost")).toMatchObject([{ flow: 2, how: "mapping-lost-reset" }]);
});

test("in another network nothing of the old flows passes; new ones work", () => {
  const pair = SimPair.connected();
  const before = pair.right.transport.remote.ip;
  pair.clientHost.path.switchNetwork();
  expect(pair.told("flow-lost")).toMatchObject([{ flow: 1, how: "network-switch" }]);
  pair.left.write("x");
  pair.right.write("y");
  pair.pass(60_000);
  expect([pair.left.text, pair.right.text, pair.left.lines]).toEqual(["", "", []]);
  expect(pair.dial()).toEqual([]);
  pair.pass(0);
  pair.left.write("z");
  pair.pass(0);
  expect(pair.right.text).toBe("z");
  expect(pair.right.transport.remote.ip).not.toBe(before);
});

test("each direction may be cut for itself", () => {
  const pair = SimPair.connected();
  pair.clientHost.path.cutDown = true;
  pair.left.write("up");
  pair.right.write("down");
  pair.pass(150);
  expect([pair.left.text, pair.right.text]).toEqual(["", "up"]);
  expect(pair.told("acked")).toEqual([]);
});

test("delay, jitter and a full queue make packets late, never overtaken", () => {
  const pair = SimPair.connected();
  const { path } = pair.clientHost;
  path.delayMs = 20;
  path.jitterMs = 100;
  path.queueMs = 1_000;
  const text = "abcdefghijklmnopqrstuvwxyz";
  for (const letter of text) pair.left.write(letter);
  path.queueMs = 0;
  pair.left.write("!");
  pair.pass(1_019);
  expect(pair.right.text).toBe("");
  pair.pass(101);
  expect(pair.right.text).toBe(`${text}!`);
});

test("lost packets are sent again, and cost time only", () => {
  const pair = SimPair.connected({}, {}, 7);
  pair.clientHost.path.lossRatio = 0.1;
  for (let beat = 0; beat < 50; beat++) {
    pair.left.write("x");
    pair.pass(1_000);
  }
  pair.pass(60_000);
  expect(pair.right.text).toBe("x".repeat(50));
  const atOnce = pair.told("arrived", "server").filter(({ atMs }) => atMs % 1_000 === 0);
  expect(atOnce.length).toBeGreaterThan(30);
  expect(atOnce.length).toBeLessThan(50);
});
