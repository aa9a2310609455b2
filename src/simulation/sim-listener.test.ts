import { expect, test } from "vitest";
import { PLAIN_KERNEL, SimPair } from "../../test/support/sim-pair.ts";

const HANDLERS = { onIncoming() {}, onAcceptFailed() {} };

test("a host is listened on once at a time, and again after a crash", async () => {
  const pair = SimPair.strangers();
  const listen = pair.serverHost.process?.listen(PLAIN_KERNEL);
  const acceptor = await listen?.(HANDLERS);
  expect(acceptor?.url).toBe("tcp://server:7000");
  await expect(listen?.(HANDLERS)).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  pair.serverHost.crashProcess();
  const outcome = pair.dial();
  pair.pass(1);
  expect(outcome[0]).toContain("ECONNREFUSED");
  await pair.serverHost.boot().listen(PLAIN_KERNEL)(HANDLERS);
});

test("each end knows the address of the other, and its kernel options", () => {
  const pair = SimPair.connected({ userTimeoutMs: 70_000 });
  const { left, right } = pair;
  expect([left.transport.remote, right.transport.remote]).toEqual([
    { ip: "10.0.0.2", text: "10.0.0.2:7000" },
    { ip: "10.0.0.1", text: "10.0.0.1:1025" },
  ]);
  expect(left.transport.kernelOptions()).toMatchObject({
    keepaliveIdleMs: { value: false, source: "read" },
    userTimeoutMs: { value: 70_000, source: "read" },
  });
});

test("what waits to be accepted when the listener closes is reset", async () => {
  const pair = SimPair.strangers();
  const acceptor = await pair.serverHost.process?.listen(PLAIN_KERNEL)(HANDLERS);
  pair.serverHost.process?.freeze();
  const outcome = pair.dial();
  pair.pass(10);
  expect(outcome).toEqual(["0 opened"]);
  await acceptor?.close();
  pair.pass(0);
  expect(pair.left.lines).toEqual(["10 closed ECONNRESET"]);
});

test("descriptors are counted by owner until they are free", () => {
  const pair = SimPair.strangers();
  pair.listen();
  const { process } = pair.clientHost;
  process?.open(
    "server",
    PLAIN_KERNEL,
    "link",
  )({
    onOpened: (attach) => {
      pair.left.transport = attach(pair.left);
    },
    onFailed() {},
  });
  expect([process?.dialsUnderWay("link"), process?.dialsUnderWay("other")]).toEqual([1, 0]);
  pair.pass(1);
  expect([process?.dialsUnderWay(), process?.flowsOpenOf("link"), process?.flowsOpen]).toEqual([
    0, 1, 1,
  ]);
  pair.left.transport.reset();
  expect(process?.flowsOpen).toBe(0);
});
