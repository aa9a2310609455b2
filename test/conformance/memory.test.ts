import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { memoryRig } from "./rigs.ts";

// Reads of an odd size cut every write into pieces; large ones hand each over whole.
for (const readBytesMax of [4_099, 64 * 1024]) {
  const rig = memoryRig(readBytesMax);
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`memory, reads of ${readBytesMax}: ${promise}`, () => check(rig), 30_000);
  }
}
