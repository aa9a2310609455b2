import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { unixRig } from "./rigs.ts";

const rig = unixRig();

for (const { promise, check } of TRANSPORT_PROMISES) {
  test(`unix: ${promise}`, () => check(rig), 30_000);
}
