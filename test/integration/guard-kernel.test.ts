/** Options of the kernel: set where nobody set any, left where somebody did, told as they are. */
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import { resolveGuard } from "../../src/guard/options.ts";
import { Kernel } from "../../src/guard/kernel.ts";
import type { Observation } from "../../src/base/observation.ts";
import type { EffectiveKernelOptions } from "../../src/transports/transport.ts";
import { loadNativeSockopt } from "../../src/transports/tcp/native-sockopt.ts";
import {
  netServer,
  peerOf,
  reads,
  tlsPeerOf,
  tlsServer,
  unixServer,
  until,
  Watched,
} from "../support/guard-world.ts";
import { skipUnless } from "../support/requires.ts";

const native = await loadNativeSockopt();
const withNative = skipUnless(native !== undefined, "the package koffi does not work here");

function valuesOf(options: EffectiveKernelOptions | undefined): unknown[] {
  if (options === undefined) return [];
  const { keepaliveIdleMs, keepaliveIntervalMs, keepaliveCount, userTimeoutMs } = options;
  return [keepaliveIdleMs, keepaliveIntervalMs, keepaliveCount, userTimeoutMs].map(
    ({ value }) => value,
  );
}

withNative("keepalive is turned on, and more is done if it is asked for", async () => {
  const expected = [
    [{}, [60_000, 10_000, 5, false]],
    [{ keepalive: false }, [false, false, false, false]],
    [{ keepalive: { idleMs: 20_000, intervalMs: 2_000, count: 3 } }, [20_000, 2_000, 3, false]],
    [{ keepalive: false, userTimeoutMs: 90_000 }, [false, false, false, 90_000]],
  ] as const;
  for (const { serve, dial } of [
    { serve: netServer, dial: peerOf },
    { serve: tlsServer, dial: tlsPeerOf },
  ]) {
    for (const [options, values] of expected) {
      const server = await serve(reads);
      const watched = new Watched(server, options);
      const peer = await dial(server);
      const inForce = (): unknown[] => valuesOf(watched.guard.connections()[0]?.kernel);
      await until(`they are ${String(values)}`, () => String(inForce()) === String(values));
      peer.destroy();
    }
  }
});

withNative("what the owner has set stays, unless he asks for something else here", async () => {
  const owns = (socket: Parameters<typeof reads>[0]): void => {
    socket.setKeepAlive(true, 33_000);
    reads(socket);
  };
  for (const [options, idleMs] of [
    [{}, 33_000],
    [{ keepalive: { idleMs: 20_000 } }, 20_000],
  ] as const) {
    const server = await netServer(owns);
    const watched = new Watched(server, options);
    const peer = await peerOf(server);
    await until("it is guarded", () => watched.guard.stats().open === 1);
    const inForce = (): unknown => watched.guard.connections()[0]?.kernel?.keepaliveIdleMs.value;
    await until(`it is ${idleMs}`, () => inForce() === idleMs);
    peer.destroy();
  }
});

test("a Unix socket has none", async () => {
  const server = await unixServer(reads);
  const watched = new Watched(server, {});
  const peer = await peerOf(server);
  await watched.guards(1);
  const off = { value: false, source: "known" };
  expect(watched.guard.connections()[0]).toMatchObject({
    kind: "unix",
    address: "unix",
    kernel: { keepaliveIdleMs: off, userTimeoutMs: off },
  });
  peer.destroy();
});

test("without native code what was asked for and cannot be is said once", async () => {
  const told: Observation[] = [];
  const options = { keepalive: false, userTimeoutMs: 90_000 } as const;
  const kernel = new Kernel(resolveGuard(options).kernel, (one) => void told.push(one));
  const server = await netServer(reads);
  const peer = await peerOf(server);
  // It was never loaded.
  kernel.tune(peer);
  kernel.tune(peer);
  expect(told).toMatchObject([{ what: "warning", text: /^`userTimeoutMs` has no effect/ }]);
  expect(valuesOf(kernel.optionsInForce(peer, true))).toEqual(Array(4).fill(undefined));
  peer.setKeepAlive(true, 33_000);
  const byDefault = new Kernel(resolveGuard({}).kernel, () => {});
  byDefault.tune(peer);
  // Left alone: the owner's.
  expect(valuesOf(byDefault.optionsInForce(peer, true))).toEqual(Array(4).fill(undefined));
  const other = await peerOf(server);
  byDefault.tune(other);
  expect(byDefault.optionsInForce(other, true).keepaliveIdleMs).toEqual({
    value: 60_000,
    source: "set",
  });
});

test("the kernel must not be less patient than the guard", () => {
  const wrong = { drainTimeoutMs: 60_000, userTimeoutMs: 60_000 };
  try {
    resolveGuard(wrong);
    expect.unreachable();
  } catch (error) {
    expect(isHoldfastError(error) && error.message).toContain(
      "guard: `userTimeoutMs` (60000) must exceed `drainTimeoutMs` (60000)",
    );
  }
  expect(resolveGuard({ ...wrong, drainTimeoutMs: false }).kernel.userTimeoutMs).toBe(60_000);
});
