import { expect, test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { type MoveRule, selfTest } from "../../src/transports/tcp/choose-engine.ts";
import { findHandleInternals } from "../../src/transports/tcp/handle-internals.ts";
import { loadNativeSockopt } from "../../src/transports/tcp/native-sockopt.ts";
import { SharedBufferEngine } from "../../src/transports/tcp/shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { tcpRig, upgradeNever } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const base = { native: await loadNativeSockopt(), unacked, overwriteAfterRead: true };

const RULES: readonly MoveRule[] = ["at accept", "after the first bytes"];

const internals = findHandleInternals();
if (typeof internals === "string") throw new Error(internals);

for (const rule of RULES) {
  for (const [way, engine] of [
    ["through streams", new SharedBufferEngine(base)],
    ["past streams", new SharedBufferEngine(base, internals)],
  ] as const) {
    const name = `tcp, shared buffer, ${way}, moved ${rule}`;
    const rig = tcpRig(engine, rule === "at accept" ? undefined : upgradeNever);
    for (const { promise, check } of TRANSPORT_PROMISES) {
      test(`${name}: ${promise}`, () => check(rig), 30_000);
    }
    test(`${name}: passes the self-test`, async () => {
      expect(await selfTest(engine, rule)).toBeUndefined();
    });
  }
}
