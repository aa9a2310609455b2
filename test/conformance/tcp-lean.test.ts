import { expect, test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { type MoveRule, selfTest } from "../../src/transports/tcp/choose-engine.ts";
import { leanEngine } from "../../src/transports/tcp/lean-engine.ts";
import { loadNativeSockopt } from "../../src/transports/tcp/native-sockopt.ts";
import { SharedBufferEngine } from "../../src/transports/tcp/shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { tcpRig, upgradeNever } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const base = { native: await loadNativeSockopt(), unacked, overwriteAfterRead: true };

const RULES: readonly MoveRule[] = ["at accept", "after the first bytes"];

for (const rule of RULES) {
  const engine = leanEngine(new SharedBufferEngine(base));
  if (typeof engine === "string") throw new Error(engine);
  const rig = tcpRig(engine, rule === "at accept" ? undefined : upgradeNever);
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`tcp, lean, ${rule}: ${promise}`, () => check(rig), 30_000);
  }
  test(`tcp, lean, ${rule}: passes the self-test`, async () => {
    expect(await selfTest(engine, rule)).toBeUndefined();
  });
}
