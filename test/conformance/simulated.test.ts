/** The simulator's TCP keeps the promises of a real one, over a short way and over a bad one. */
import { afterAll, test } from "vitest";
import { Streams } from "../../src/simulation/draw.ts";
import type { SimEvent } from "../../src/simulation/sim-event.ts";
import type { SimHost } from "../../src/simulation/sim-host.ts";
import { SimNetwork } from "../../src/simulation/sim-network.ts";
import type { SimPath } from "../../src/simulation/sim-path.ts";
import type { SimProcess } from "../../src/simulation/sim-process.ts";
import { Timeline } from "../../src/simulation/timeline.ts";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import type { TransportRig } from "../../src/testing/transport-rig.ts";
import type { KernelConfig } from "../../src/transports/transport.ts";

const KERNEL: KernelConfig = {
  keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};

/** Simulated milliseconds for each turn of the real event loop. */
const PACE_MS = 5;

function simulatedRig(spoil: (path: SimPath) => void): TransportRig {
  const timeline = new Timeline();
  const thrown: string[] = [];
  const note = (event: SimEvent): void => {
    if (event.what === "thrown") thrown.push(event.message);
  };
  const network = new SimNetwork(timeline, new Streams(1), note);
  let turn: NodeJS.Immediate | undefined;
  const pump = (): void => {
    timeline.runUntil(timeline.nowMs + PACE_MS);
    turn = setImmediate(pump);
  };
  pump();
  afterAll(() => clearImmediate(turn));
  const booted = (host: SimHost): SimProcess => host.process ?? host.boot();
  const client = booted(network.host("client"));
  spoil(client.host.path);
  let count = 0;
  return {
    listen() {
      count += 1;
      return booted(network.host(`server-${count}`)).listen(KERNEL);
    },
    open: (url) => client.open(new URL(url).hostname, KERNEL),
    canReset: true,
    halfCloses: true,
    overwritesAfterRead: true,
    dialFromProcess(url) {
      count += 1;
      const host = network.host(`other-${count}`);
      const open = host.boot().open(new URL(url).hostname, KERNEL);
      return new Promise((resolve, reject) => {
        open({
          onOpened(attach) {
            const silent = { onBytes() {}, onDrained() {}, onFinished() {}, onClosed() {} };
            const transport = attach(silent);
            transport.pause();
            transport.write(Uint8Array.of(0));
            resolve(() => host.crashProcess());
          },
          onFailed: reject,
        });
      });
    },
  };
}

const WAYS: readonly (readonly [string, (path: SimPath) => void])[] = [
  ["without delay", () => {}],
  [
    "with delay and jitter",
    (path) => {
      path.delayMs = 3;
      path.jitterMs = 4;
    },
  ],
];

/**
 * Only on loopback is a write refused when both kernels are full. Here bytes need time, so the
 * sender's is full first, and has room again once the receiver's took some. The rest of that
 * promise is checked in src/simulation/tcp-end.test.ts.
 */
const LOOPBACK_ONLY = "onDrained follows a refused write of any size";

for (const [way, spoil] of WAYS) {
  const rig = simulatedRig(spoil);
  for (const { promise, check } of TRANSPORT_PROMISES) {
    if (promise === LOOPBACK_ONLY) continue;
    test(`simulated, ${way}: ${promise}`, () => check(rig), 30_000);
  }
}
