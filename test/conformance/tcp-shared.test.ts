import { expect, test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { selfTestMove } from "../../src/transports/tcp/choose-engine.ts";
import { loadNativeSockopt } from "../../src/transports/tcp/native-sockopt.ts";
import {
  type MoveRule,
  SharedBufferEngine,
} from "../../src/transports/tcp/shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { tcpRig } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const base = { native: await loadNativeSockopt(), unacked, overwriteAfterRead: true };

// The recorder's pattern begins with 0: the second rule keeps nothing, the third everything.
const RULES: readonly (readonly [string, MoveRule])[] = [
  ["moved at accept", { at: "accept" }],
  ["moved at the first byte", { at: "first-byte", keepsOriginal: () => false }],
  ["kept at the first byte", { at: "first-byte", keepsOriginal: (byte) => byte === 0 }],
];

for (const [name, move] of RULES) {
  const rig = tcpRig(new SharedBufferEngine({ ...base, move }));
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`tcp, shared buffer, ${name}: ${promise}`, () => check(rig), 30_000);
  }
  test(`tcp, shared buffer, ${name}: passes the self-test`, async () => {
    expect(await selfTestMove(base, move)).toBeUndefined();
  });
}
